//! Blobs that the log may not know of: doubted before they are stored and before they are let go, so that a crash in between
//! leaves nothing for ever. Whatever is doubted, the log is asked: what it holds stays.

use crate::Commands;
use domain::{team::Team, upload::Uploads};
use events::{BlobId, StreamName, TeamId, UploadId};
use platform::http::ApiError;
use std::{fmt, str::FromStr, time::Duration};

/// No command takes so long: what is doubted longer was left by a crash.
const LEFT_BEHIND: Duration = Duration::from_secs(3_600);

/// What a blob is or was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BlobOwner {
    /// A file of a team.
    File(TeamId, UploadId),
    /// The picture of a team, or of somebody in it.
    Picture(TeamId),
}

/// The word of a note that stands where another one names a file.
const PICTURE: &str = "picture";

impl fmt::Display for BlobOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(team, upload) => write!(f, "{team} {upload}"),
            Self::Picture(team) => write!(f, "{team} {PICTURE}"),
        }
    }
}

impl FromStr for BlobOwner {
    type Err = ();

    fn from_str(note: &str) -> Result<Self, ()> {
        let (team, what) = note.trim().split_once(' ').ok_or(())?;
        let team = team.parse().map_err(drop)?;
        match what {
            PICTURE => Ok(Self::Picture(team)),
            upload => Ok(Self::File(team, upload.parse().map_err(drop)?)),
        }
    }
}

impl Commands {
    /// Notes that a file is about to be somebody's or nobody's: should the house stop in between, the sweep asks the log.
    pub(crate) async fn mark_file(
        &self,
        team: TeamId,
        upload: UploadId,
        blob: BlobId,
    ) -> Result<(), ApiError> {
        self.mark(blob, BlobOwner::File(team, upload)).await
    }

    /// The same of a picture.
    pub(crate) async fn mark_picture(&self, team: TeamId, blob: BlobId) -> Result<(), ApiError> {
        self.mark(blob, BlobOwner::Picture(team)).await
    }

    /// Removes the content of a file that the log does not hold.
    ///
    /// A repetition of a command makes the same ids again, so the log is asked: what it holds stays.
    pub(crate) async fn collect_file(&self, team: TeamId, upload: UploadId, blob: BlobId) {
        self.collect(blob, BlobOwner::File(team, upload)).await;
    }

    /// Removes a picture that is nobody's.
    pub(crate) async fn collect_picture(&self, team: TeamId, blob: BlobId) {
        self.collect(blob, BlobOwner::Picture(team)).await;
    }

    /// Takes the note away: the blob is the log's, or gone.
    pub(crate) async fn unmark(&self, blob: BlobId) {
        if let Err(error) = self.blobs.settle(blob).await {
            tracing::debug!(%error, %blob, "a doubt stays until the sweep asks the log");
        }
    }

    /// Removes what crashes left behind: pieces that never became whole, and blobs that no event came to name. Those that an
    /// event names stay, however old their doubt is.
    pub async fn sweep_blobs(&self) {
        if let Err(error) = self.blobs.sweep().await {
            tracing::warn!(%error, "pieces of files were not swept");
        }
        let doubted = self.blobs.doubted(LEFT_BEHIND).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "doubts cannot be looked through");
            vec![]
        });
        for (blob, note) in doubted {
            match note.parse() {
                Ok(owner) => self.collect(blob, owner).await,
                Err(()) => tracing::warn!(%blob, note, "a doubt says nothing that can be asked about"),
            }
        }
    }

    async fn mark(&self, blob: BlobId, owner: BlobOwner) -> Result<(), ApiError> {
        self.blobs.doubt(blob, &owner.to_string()).await.map_err(ApiError::unavailable)
    }

    /// Asks the log, and removes what it does not hold.
    async fn collect(&self, blob: BlobId, owner: BlobOwner) {
        let judged = async {
            if !self.is_held(blob, owner).await? {
                self.blobs.delete(blob).await.map_err(ApiError::unavailable)?;
            }
            self.blobs.settle(blob).await.map_err(ApiError::unavailable)
        };
        if let Err(error) = judged.await {
            tracing::warn!(?error, %blob, "what nobody holds is left for the sweep");
        }
    }

    async fn is_held(&self, blob: BlobId, owner: BlobOwner) -> Result<bool, ApiError> {
        match owner {
            BlobOwner::File(team, upload) => {
                let files: Uploads = self.current(&StreamName::uploads(team)).await?;
                Ok(files.holds(upload, blob))
            }
            BlobOwner::Picture(team) => {
                let team: Team = self.current(&StreamName::team(team)).await?;
                Ok(team.pictures().any(|picture| picture == blob))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BlobOwner;
    use events::{TeamId, UploadId};
    use uuid::Uuid;

    #[test]
    fn a_note_is_read_back() {
        let team = TeamId(Uuid::from_u128(1));
        for owner in [BlobOwner::File(team, UploadId(Uuid::from_u128(2))), BlobOwner::Picture(team)] {
            assert_eq!(owner.to_string().parse(), Ok(owner));
        }
        assert_eq!("x".parse::<BlobOwner>(), Err(()));
        assert_eq!("x picture".parse::<BlobOwner>(), Err(()));
    }
}
