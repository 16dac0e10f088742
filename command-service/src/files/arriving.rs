//! Files on their way in: counted, read from the wire in pieces, and set aside until they are somebody's.

use super::FIELD;
use crate::{
    Commands,
    context::{Context, Sender},
};
use access::TeamScope;
use domain::{limits, team::Team, text, upload::Uploads};
use events::{AccountId, StreamName, TeamId};
use moka::sync::Cache;
use platform::{
    blobs::Incoming,
    config,
    http::{ApiError, FileForm},
    limits::{Key, Limit},
    media,
};
use protocol::{error::ErrorCode, lang::Text};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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
    pub(super) incoming: Incoming,
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) head: Vec<u8>,
    /// What the form said beside it.
    pub(crate) texts: Vec<(String, String)>,
    pub(super) places: [OwnedSemaphorePermit; 2],
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
        Ok((Arrived { incoming, name, size, head, texts, places }, context))
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
