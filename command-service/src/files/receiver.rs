//! Receives uploaded files and pictures: admits them, reads them from the wire in pieces, and keeps them in a temporary file.

use crate::{
    aggregates::Aggregates,
    command_key::length_prefixed,
    context::{Context, PendingContext},
};
use access::{Access, TeamScope};
use domain::{limits, team::Team, text, upload::Uploads};
use events::{StreamName, TeamId};
use media::{
    blobs::{Blobs, Incoming},
    resize,
};
use platform::{
    config,
    connections::{ConnectionLimiter, ConnectionLimits, Permit},
    http::{ApiError, FileForm, FormFields, FormTimeouts},
    limits::{Key, Limit},
};
use protocol::lang::Text;
use secrets::vault::Vault;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// The form's field that holds the file.
pub(crate) const FIELD: &str = "file";
/// The name of a file whose own name has nothing that can be shown.
const NAMELESS: &str = "file";
/// An upload may take this long before its rate is checked.
const GRACE: Duration = Duration::from_secs(60);
/// `Retry-After` when too many uploads are running.
const BUSY: Duration = Duration::from_secs(5);

/// The purpose of an upload, which decides its quotas and limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UploadPurpose {
    /// A file of the team.
    File,
    /// A picture of the team or of a contact.
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

/// A file that was received whole and belongs to nothing yet.
pub(crate) struct ReceivedFile {
    pub(crate) incoming: Incoming,
    pub(super) name: String,
    pub(super) size: u64,
    /// The first bytes, which tell the type.
    pub(super) head: Vec<u8>,
    /// The form's other fields.
    pub(crate) texts: Vec<(String, String)>,
    /// Held while the file is, as one of the concurrent uploads.
    pub(super) permit: Permit,
}

/// Receives uploads, a bounded number at a time. Cheap to clone.
#[derive(Clone)]
pub(crate) struct UploadReceiver {
    aggregates: Aggregates,
    access: Access,
    vault: Vault,
    blobs: Blobs,
    uploads: ConnectionLimiter,
}

impl UploadReceiver {
    pub(crate) fn new(aggregates: Aggregates, access: Access, vault: Vault, blobs: Blobs) -> Self {
        let config = &access.config.uploads;
        let uploads = ConnectionLimiter::new(ConnectionLimits {
            per_process: config.at_once as usize,
            per_account: config.at_once_per_account as usize,
            fair: true,
            ..ConnectionLimits::UNLIMITED
        });
        Self { aggregates, access, vault, blobs, uploads }
    }

    /// Receives the file of a form into a temporary file. What will certainly be refused is refused before it is read.
    pub(crate) async fn receive(
        &self,
        scope: &TeamScope,
        purpose: UploadPurpose,
        form: FileForm,
        pending: PendingContext,
    ) -> Result<(ReceivedFile, Context), ApiError> {
        let permit = self.admit(scope, purpose, form.at_least(), pending.has_key()).await?;
        let config = &self.access.config.uploads;
        let patience = FormTimeouts {
            whole: Duration::from_secs(config.timeout_sec.into()),
            grace: GRACE,
            rate: config.min_bytes_per_sec.into(),
        };
        let mut file = form.file(FIELD, purpose.max_bytes(config), patience).await?;
        let mut incoming = self.blobs.receive().await.map_err(ApiError::unavailable)?;
        let (mut size, mut head, mut hash) = (0, Vec::new(), pending.has_key().then(Sha256::new));
        while let Some(piece) = file.piece().await? {
            size += piece.len() as u64;
            head.extend(piece.iter().take(media::HEAD - head.len()));
            hash.iter_mut().for_each(|hash| hash.update(&piece));
            incoming.write(&piece).await.map_err(ApiError::unavailable)?;
        }
        let FormFields { file_name, texts } = file.end().await?;
        let name = shown_name(&file_name);
        let content = hash.map(|hash| [name.as_bytes(), &hash.finalize()[..], &in_one(&texts)].concat());
        let now = self.access.clock.now();
        let context = pending.complete(&self.vault, now, &content.unwrap_or_default());
        Ok((ReceivedFile { incoming, name, size, head, texts, permit }, context))
    }

    async fn admit(
        &self,
        scope: &TeamScope,
        purpose: UploadPurpose,
        at_least: u64,
        has_key: bool,
    ) -> Result<Permit, ApiError> {
        let account = scope.caller.account;
        self.access.limits.check(purpose.limit(), &Key::Account(account.0))?;
        let permit = self.uploads.acquire(account.0).map_err(|reached| reached.refusal(BUSY))?;
        // A repetition may send a file that is stored already; pictures are resized before they count.
        if purpose == UploadPurpose::File && !has_key && at_least > 0 {
            let files: Uploads = self.aggregates.current(&StreamName::uploads(scope.team)).await?;
            let left = quota(&self.aggregates, scope.team).await?.saturating_sub(files.bytes());
            if at_least > left {
                return Err(ApiError::field(FIELD, Text::QuotaExceeded { left }));
            }
        }
        Ok(permit)
    }
}

/// The largest total size of a team's files, bytes.
pub(super) async fn quota(aggregates: &Aggregates, team: TeamId) -> Result<u64, ApiError> {
    Ok(aggregates.current::<Team>(&StreamName::team(team)).await?.room())
}

/// The texts as bytes, different for different lists.
fn in_one(texts: &[(String, String)]) -> Vec<u8> {
    let parts: Vec<&[u8]> =
        texts.iter().flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]).collect();
    length_prefixed(&parts)
}

/// The name as clients show it: without folders, and by the rule for names, since direction marks disguise the type.
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

/// Cuts a long name before its extension, which tells people the type.
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
    fn file_name_with_folders_or_invisible_characters_is_shown_as_one_plain_line() {
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
