//! Files on their way in: from the wire to the blob store in pieces, then, with the event, into the team's stream.
//!
//! The content is stored first and the event says so after: whoever reads the event finds the file. In between the blob is
//! doubted, so that what no event came to name is removed, at once when it is refused, else by [`Commands::sweep_blobs`].

mod using;

use crate::{
    Commands,
    context::{Context, Sender},
    transact::{Done, Start, Stop},
};
use access::TeamScope;
use bytes::Bytes;
use domain::{
    limits,
    team::Team,
    upload::{self, Uploads},
};
use events::{
    AccountId, BlobId, Personal, Position, StreamName, TeamId, UploadId,
    upload::{Preview, Stored},
    value::UploadKind,
};
use moka::sync::Cache;
use platform::{
    blobs::{BlobError, Incoming},
    config,
    http::{ApiError, FileForm},
    limits::{Key, Limit},
    media::{self, Media},
    picture::bare::bare,
    picture::resize::{MAX_BYTES, PictureRefused, Previews},
};
use protocol::{error::ErrorCode, lang::Text};
use read_model::upload::{FILE, PREVIEW, PREVIEW_2X};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The form's field.
const FIELD: &str = "file";
/// A file without any name that can be shown.
const NAMELESS: &str = "file";
/// Accounts whose files on their way in are counted.
const REMEMBERED: u64 = 10_000;

/// Files on their way in, counted. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Arrivals {
    all: Arc<Semaphore>,
    own: Cache<AccountId, Arc<Semaphore>>,
    at_once_per_account: usize,
}

impl Arrivals {
    pub(crate) fn new(config: &config::Uploads) -> Self {
        Self {
            all: Arc::new(Semaphore::new(config.at_once as usize)),
            own: Cache::new(REMEMBERED),
            at_once_per_account: config.at_once_per_account as usize,
        }
    }

    /// Places for one more file; they are given back when dropped.
    fn admit(&self, account: AccountId) -> Result<[OwnedSemaphorePermit; 2], ApiError> {
        let make = || Arc::new(Semaphore::new(self.at_once_per_account));
        let busy = Duration::from_secs(5);
        let own = self.own.get_with(account, make).try_acquire_owned().map_err(|_| {
            let told = Text::SlowDown { seconds: busy.as_secs() };
            ApiError::new(ErrorCode::RateLimit).because(told).retry_after(busy)
        })?;
        let all = Arc::clone(&self.all)
            .try_acquire_owned()
            .map_err(|_| ApiError::new(ErrorCode::Unavailable).because(Text::TryLater).retry_after(busy))?;
        Ok([own, all])
    }
}

/// A file that has come in whole, and is nobody's yet.
pub(crate) struct Arrived {
    incoming: Incoming,
    name: String,
    size: u64,
    head: Vec<u8>,
    /// What the form said beside it.
    pub(crate) texts: Vec<(String, String)>,
    _places: [OwnedSemaphorePermit; 2],
}

/// What is made of a picture that has come in.
#[derive(Default)]
struct Made {
    previews: Option<Previews>,
    /// It is animated.
    moves: bool,
    /// The picture itself without what it told of its owner, if it told anything.
    bare: Option<Bytes>,
}

impl Commands {
    /// Takes a form's file in, aside. What will certainly be refused is refused before it is read.
    pub(crate) async fn take_in(
        &self,
        scope: &TeamScope,
        form: FileForm,
        sender: Sender,
    ) -> Result<(Arrived, Context), ApiError> {
        let places = self.admitted(scope, form.at_least(), sender.has_key()).await?;
        let config = &self.access.config.uploads;
        let patience = Duration::from_secs(config.timeout_sec.into());
        let mut file = form.file(FIELD, config.max_bytes(), patience).await?;
        let mut incoming = self.blobs.receive().await.map_err(ApiError::unavailable)?;
        let (mut size, mut head, mut hash) = (0, Vec::new(), sender.has_key().then(Sha256::new));
        while let Some(piece) = file.piece().await? {
            size += piece.len() as u64;
            head.extend(piece.iter().take(media::HEAD - head.len()));
            hash.iter_mut().for_each(|hash| hash.update(&piece));
            incoming.write(&piece).await.map_err(ApiError::unavailable)?;
        }
        let name = shown_name(&file.file_name);
        let texts = file.end().await?;
        let content = hash.map(|hash| [name.as_bytes(), &hash.finalize()[..], &in_one(&texts)].concat());
        let context = sender.sent(self, &content.unwrap_or_default());
        Ok((Arrived { incoming, name, size, head, texts, _places: places }, context))
    }

    async fn admitted(
        &self,
        scope: &TeamScope,
        at_least: u64,
        has_key: bool,
    ) -> Result<[OwnedSemaphorePermit; 2], ApiError> {
        let account = scope.caller.account;
        self.access.limits.check(Limit::UploadsPerAccount, &Key::Account(account.0))?;
        let places = self.arriving.admit(account)?;
        // A repetition may be of a file that is there already.
        if !has_key && at_least > 0 {
            let files: Uploads = self.current(&StreamName::uploads(scope.team)).await?;
            let left = self.room(scope.team).await?.saturating_sub(files.bytes());
            if at_least > left {
                return Err(ApiError::field(FIELD, Text::QuotaExceeded { left }));
            }
        }
        Ok(places)
    }

    /// Bytes that a team's files may have together.
    async fn room(&self, team: TeamId) -> Result<u64, ApiError> {
        Ok(self.current::<Team>(&StreamName::team(team)).await?.room())
    }

    /// Makes a file the team's. What the rules refuse is removed again.
    pub(crate) async fn store_file(
        &self,
        context: &mut Context,
        scope: &TeamScope,
        arrived: Arrived,
    ) -> Result<(UploadId, Position), ApiError> {
        let (upload, blob): (UploadId, BlobId) = (context.id(), context.id());
        let room = self.room(scope.team).await?;
        self.doubt(scope.team, upload, blob).await?;
        let stored = match self.put(context, scope, arrived, (upload, blob)).await {
            Ok(stored) => stored,
            Err(failed) => {
                self.let_go(scope.team, upload, blob).await;
                return Err(failed);
            }
        };
        let done: Result<Done<Uploads>, _> = self
            .transact(context, StreamName::uploads(scope.team), Start::Known, |_: &Uploads| {
                upload::Command::Store { stored: stored.clone(), room }
            })
            .await;
        match done {
            Ok(done) => {
                self.settled_blob(blob).await;
                Ok((upload, done.position))
            }
            Err(Stop::Rejected(rejection)) => {
                self.let_go(scope.team, upload, blob).await;
                Err(refused(rejection))
            }
            // It may have come into the log or not: the doubt stays.
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Stores the content and what is made of it.
    async fn put(
        &self,
        context: &Context,
        scope: &TeamScope,
        arrived: Arrived,
        (upload, blob): (UploadId, BlobId),
    ) -> Result<Stored, ApiError> {
        let Arrived { incoming, name, mut size, head, texts: _, _places } = arrived;
        incoming.keep(blob, FILE).await.map_err(ApiError::unavailable)?;
        let Media { content_type, mut kind } = media::sniff(&head);
        let (mut animated, mut preview) = (false, None);
        if kind == UploadKind::Image {
            context.request.note_progress();
            let Made { previews, moves, bare } = self.made_of(blob, size).await?;
            if let Some(bare) = bare {
                size = bare.len() as u64;
                self.blobs.put(blob, FILE, bare).await.map_err(ApiError::unavailable)?;
            }
            match previews {
                Some(previews) => {
                    animated = moves;
                    preview = Some(self.put_previews(blob, previews).await.map_err(ApiError::unavailable)?);
                }
                None => kind = UploadKind::ImageFile,
            }
            context.request.note_progress();
        }
        Ok(Stored {
            upload,
            team: scope.team,
            owner: scope.contact,
            blob,
            name: Personal::in_team(scope.team, scope.caller.account, name),
            size,
            content_type: content_type.to_owned(),
            kind,
            animated,
            preview,
        })
    }

    /// What is made of a picture. One that cannot or may not be decoded stays a file as it is.
    async fn made_of(&self, blob: BlobId, size: u64) -> Result<Made, ApiError> {
        if size > MAX_BYTES as u64 {
            return Ok(Made::default());
        }
        let made = async {
            let place = self.resizer.place().await?;
            // Only now: those who wait hold no pictures in memory.
            let stored = self.blobs.get(blob, FILE).await;
            let picture: Bytes = match stored {
                Ok(Some(picture)) => picture,
                Ok(None) => {
                    return Err(PictureRefused::Internal("a file is gone that was just stored".into()));
                }
                Err(error) => return Err(PictureRefused::Internal(error.to_string())),
            };
            let moves = media::is_animated(&picture);
            let bare = bare(&picture).map(Bytes::from);
            let previews = Some(self.resizer.previews(place, picture).await?);
            Ok(Made { previews, moves, bare })
        };
        match made.await {
            Ok(made) => Ok(made),
            Err(PictureRefused::Busy) => Err(ApiError::new(ErrorCode::Unavailable)
                .because(Text::TryLater)
                .retry_after(Duration::from_secs(5))),
            Err(error @ PictureRefused::Internal(_)) => Err(ApiError::internal(error)),
            Err(_) => Ok(Made::default()),
        }
    }

    async fn put_previews(&self, blob: BlobId, previews: Previews) -> Result<Preview, BlobError> {
        let Previews { one, two } = previews;
        let size = (one.bytes.len() + two.bytes.len()) as u64;
        let (width, height) = (one.width, one.height);
        self.blobs.put(blob, PREVIEW, one.bytes).await?;
        self.blobs.put(blob, PREVIEW_2X, two.bytes).await?;
        Ok(Preview { width, height, size })
    }
}

/// Texts in such a way that no two lists look alike.
fn in_one(texts: &[(String, String)]) -> Vec<u8> {
    let parts = texts.iter().flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]);
    parts.flat_map(|part| [&(part.len() as u64).to_be_bytes()[..], part].concat()).collect()
}

/// What a rejection means to clients.
pub(crate) fn refused(rejection: upload::Rejection) -> ApiError {
    match rejection {
        upload::Rejection::NoUpload => ApiError::new(ErrorCode::NotFound),
        upload::Rejection::QuotaExceeded { left } => ApiError::field(FIELD, Text::QuotaExceeded { left }),
        upload::Rejection::TooMany { max } => ApiError::field(FIELD, Text::TooMany { max }),
        upload::Rejection::InUse => ApiError::field("upload_uid", Text::InUse),
    }
}

/// The name as it is shown: without folders, control characters and those that turn the direction of writing, which make
/// one kind of file look like another.
fn shown_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown: String = last.chars().filter(|c| !c.is_control() && !turns(*c)).collect();
    let shown = shown.trim();
    if shown.chars().all(|c| c == '.') {
        return NAMELESS.to_owned();
    }
    match shown.char_indices().nth(limits::FILE_NAME) {
        None => shown.to_owned(),
        Some(_) => cut(shown),
    }
}

/// A long name is cut in its middle: its ending says to people what it is.
fn cut(name: &str) -> String {
    let ending = name.rfind('.').map(|dot| &name[dot..]).filter(|ending| ending.chars().count() <= 16);
    let ending = ending.unwrap_or_default();
    let kept = limits::FILE_NAME - ending.chars().count();
    name.chars().take(kept).chain(ending.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_without_folders_and_tricks() {
        for (name, shown) in [
            ("кот.png", "кот.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\x\\a b.txt", "a b.txt"),
            ("a\r\nb\0.txt", "ab.txt"),
            ("gpj.\u{202e}exe", "gpj.exe"),
            ("..", "file"),
            ("dir/", "file"),
            ("  ", "file"),
        ] {
            assert_eq!(shown_name(name), shown, "{name:?}");
        }
        let long = shown_name(&format!("{}.jpeg", "д".repeat(400)));
        assert_eq!((long.chars().count(), long.ends_with("д.jpeg")), (limits::FILE_NAME, true));
    }
}
