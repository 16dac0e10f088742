//! Files on their way in: counted, read from the wire in pieces, and set aside until they are somebody's.

use super::FIELD;
use crate::{
    Commands,
    context::{Context, PendingContext},
};
use access::TeamScope;
use domain::{limits, team::Team, text, upload::Uploads};
use events::{AccountId, StreamName, TeamId};
use media::{blobs::Incoming, resize};
use platform::{
    config,
    http::{ApiError, Beside, FileForm, Patience},
    limits::{Key, Limit},
    places::{Full, Place, Places},
};
use protocol::{error::ErrorCode, lang::Text};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// A file without any name that can be shown.
const NAMELESS: &str = "file";
/// A form may take this long to begin before its rate is looked at.
const GRACE: Duration = Duration::from_secs(60);
/// `Retry-After` when there is no place.
const BUSY: Duration = Duration::from_secs(5);

/// The kind of upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UploadPurpose {
    /// A file of the team.
    File,
    /// A picture of the team or of somebody in it.
    Picture,
}

impl UploadPurpose {
    fn limit(self) -> Limit {
        match self {
            Self::File => Limit::UploadsPerAccount,
            Self::Picture => Limit::PicturesPerAccount,
        }
    }

    fn max_bytes(self, config: &config::Uploads) -> u64 {
        match self {
            Self::File => config.max_bytes(),
            Self::Picture => resize::MAX_BYTES as u64,
        }
    }
}

/// Files and pictures on their way in, counted. Cheap to clone.
#[derive(Clone)]
pub(crate) struct UploadSlots(Places);

impl UploadSlots {
    pub(crate) fn new(config: &config::Uploads) -> Self {
        Self(Places::fair(config.at_once as usize, config.at_once_per_account as usize))
    }

    /// A place for one more; it is given back when dropped.
    fn admit(&self, account: AccountId) -> Result<Place, ApiError> {
        self.0.take(account.0).map_err(|full| match full {
            Full::OfTheAccount => {
                let told = Text::RateLimited { seconds: BUSY.as_secs() };
                ApiError::new(ErrorCode::RateLimit).because(told).retry_after(BUSY)
            }
            Full::Altogether => {
                ApiError::new(ErrorCode::Unavailable).because(Text::Unavailable).retry_after(BUSY)
            }
        })
    }
}

/// A file that has come in whole, and is nobody's yet.
pub(crate) struct ReceivedFile {
    pub(crate) incoming: Incoming,
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) head: Vec<u8>,
    /// What the form said beside it.
    pub(crate) texts: Vec<(String, String)>,
    pub(super) place: Place,
}

impl Commands {
    /// Takes a form's file in, aside. What will certainly be refused is refused before it is read.
    pub(crate) async fn take_in(
        &self,
        scope: &TeamScope,
        intake: UploadPurpose,
        form: FileForm,
        sender: PendingContext,
    ) -> Result<(ReceivedFile, Context), ApiError> {
        let place = self.admitted(scope, intake, form.at_least(), sender.has_key()).await?;
        let config = &self.access.config.uploads;
        let patience = Patience {
            whole: Duration::from_secs(config.timeout_sec.into()),
            grace: GRACE,
            rate: config.min_bytes_per_sec.into(),
        };
        let mut file = form.file(FIELD, intake.max_bytes(config), patience).await?;
        let mut incoming = self.blobs.receive().await.map_err(ApiError::unavailable)?;
        let (mut size, mut head, mut hash) = (0, Vec::new(), sender.has_key().then(Sha256::new));
        while let Some(piece) = file.piece().await? {
            size += piece.len() as u64;
            head.extend(piece.iter().take(media::HEAD - head.len()));
            hash.iter_mut().for_each(|hash| hash.update(&piece));
            incoming.write(&piece).await.map_err(ApiError::unavailable)?;
        }
        let Beside { file_name, texts } = file.end().await?;
        let name = shown_name(&file_name);
        let content = hash.map(|hash| [name.as_bytes(), &hash.finalize()[..], &in_one(&texts)].concat());
        let context = sender.sent(self, &content.unwrap_or_default());
        Ok((ReceivedFile { incoming, name, size, head, texts, place }, context))
    }

    async fn admitted(
        &self,
        scope: &TeamScope,
        intake: UploadPurpose,
        at_least: u64,
        has_key: bool,
    ) -> Result<Place, ApiError> {
        let account = scope.caller.account;
        self.access.limits.check(intake.limit(), &Key::Account(account.0))?;
        let place = self.arriving.admit(account)?;
        // A repetition may be of a file that is there already; pictures are made small before they count.
        if intake == UploadPurpose::File && !has_key && at_least > 0 {
            let files: Uploads = self.current(&StreamName::uploads(scope.team)).await?;
            let left = self.room(scope.team).await?.saturating_sub(files.bytes());
            if at_least > left {
                return Err(ApiError::field(FIELD, Text::QuotaExceeded { left }));
            }
        }
        Ok(place)
    }

    /// Bytes that a team's files may have together.
    pub(super) async fn room(&self, team: TeamId) -> Result<u64, ApiError> {
        Ok(self.current::<Team>(&StreamName::team(team)).await?.room())
    }
}

/// Texts in such a way that no two lists look alike.
fn in_one(texts: &[(String, String)]) -> Vec<u8> {
    let parts = texts.iter().flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]);
    parts.flat_map(|part| [&(part.len() as u64).to_be_bytes()[..], part].concat()).collect()
}

/// The name as it is shown: without folders, and by the rule for names, since direction marks make one kind of file look
/// like another.
fn shown_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown = text::one_line(last);
    if shown.chars().all(|c| c == '.') {
        return NAMELESS.to_owned();
    }
    match shown.char_indices().nth(limits::FILE_NAME) {
        None => shown,
        Some(_) => cut(&shown),
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
            ("a\u{2028}\u{200b}b.txt", "ab.txt"),
            ("\u{2800}\u{202e}", "file"),
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
