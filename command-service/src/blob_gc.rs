//! Garbage collection of blobs. A blob gets a marker before it is stored and before its reference is removed, so that a
//! crash in between leaves nothing for ever. The collector asks the log: a blob that an event references stays.

use crate::aggregates::Aggregates;
use domain::{team::Team, upload::Uploads};
use events::{BlobId, StreamName, TeamId, UploadId};
use media::blobs::Blobs;
use platform::http::ApiError;
use std::{fmt, str::FromStr, time::Duration};

/// No command takes so long: an older marker was left by a crash.
const LONGEST_COMMAND: Duration = Duration::from_secs(3_600);

/// The stream that may reference a marked blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BlobOwner {
    /// A file of a team.
    File(TeamId, UploadId),
    /// The picture of a team or of a contact in it.
    Picture(TeamId),
}

/// The word that a marker has in place of an upload's id.
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

    fn from_str(marker: &str) -> Result<Self, ()> {
        let (team, what) = marker.trim().split_once(' ').ok_or(())?;
        let team = team.parse().map_err(drop)?;
        match what {
            PICTURE => Ok(Self::Picture(team)),
            upload => Ok(Self::File(team, upload.parse().map_err(drop)?)),
        }
    }
}

/// Marks blobs and collects those that no event references. Cheap to clone.
#[derive(Clone)]
pub struct BlobGc {
    aggregates: Aggregates,
    blobs: Blobs,
}

impl BlobGc {
    pub(crate) fn new(aggregates: Aggregates, blobs: Blobs) -> Self {
        Self { aggregates, blobs }
    }

    /// Marks the blob of a file, before it is stored and before its reference is removed.
    pub(crate) async fn mark_file(
        &self,
        team: TeamId,
        upload: UploadId,
        blob: BlobId,
    ) -> Result<(), ApiError> {
        self.mark(blob, BlobOwner::File(team, upload)).await
    }

    /// Marks the blob of a picture, before it is stored and before its reference is removed.
    pub(crate) async fn mark_picture(&self, team: TeamId, blob: BlobId) -> Result<(), ApiError> {
        self.mark(blob, BlobOwner::Picture(team)).await
    }

    /// Deletes the blob of a file, unless the log references it: a repeated command makes the same ids.
    pub(crate) async fn collect_file(&self, team: TeamId, upload: UploadId, blob: BlobId) {
        self.collect(blob, BlobOwner::File(team, upload)).await;
    }

    /// Deletes the blob of a picture, unless the log references it.
    pub(crate) async fn collect_picture(&self, team: TeamId, blob: BlobId) {
        self.collect(blob, BlobOwner::Picture(team)).await;
    }

    /// Removes the marker of a blob that is referenced now.
    pub(crate) async fn unmark(&self, blob: BlobId) {
        if let Err(error) = self.blobs.unmark(blob).await {
            tracing::debug!(%error, %blob, "blob GC marker not removed; the sweep will ask the log");
        }
    }

    /// Deletes what crashes left: incomplete uploads, and marked blobs that no event references.
    pub async fn sweep(&self) {
        if let Err(error) = self.blobs.sweep().await {
            tracing::warn!(%error, "incomplete uploads not swept");
        }
        let marked = self.blobs.marked(LONGEST_COMMAND).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "blob GC markers cannot be listed");
            vec![]
        });
        for (blob, marker) in marked {
            match marker.parse() {
                Ok(owner) => self.collect(blob, owner).await,
                Err(()) => tracing::warn!(%blob, marker, "unparsable blob GC marker"),
            }
        }
    }

    async fn mark(&self, blob: BlobId, owner: BlobOwner) -> Result<(), ApiError> {
        self.blobs.mark(blob, &owner.to_string()).await.map_err(ApiError::unavailable)
    }

    async fn collect(&self, blob: BlobId, owner: BlobOwner) {
        let collected = async {
            if !self.is_referenced(blob, owner).await? {
                self.blobs.delete(blob).await.map_err(ApiError::unavailable)?;
            }
            self.blobs.unmark(blob).await.map_err(ApiError::unavailable)
        };
        if let Err(error) = collected.await {
            tracing::warn!(?error, %blob, "blob not collected; the sweep will retry");
        }
    }

    async fn is_referenced(&self, blob: BlobId, owner: BlobOwner) -> Result<bool, ApiError> {
        match owner {
            BlobOwner::File(team, upload) => {
                let files: Uploads = self.aggregates.current(&StreamName::uploads(team)).await?;
                Ok(files.holds(upload, blob))
            }
            BlobOwner::Picture(team) => {
                let team: Team = self.aggregates.current(&StreamName::team(team)).await?;
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
    fn blob_gc_marker_is_read_back_and_others_are_unparsable() {
        let team = TeamId(Uuid::from_u128(1));
        for owner in [BlobOwner::File(team, UploadId(Uuid::from_u128(2))), BlobOwner::Picture(team)] {
            assert_eq!(owner.to_string().parse(), Ok(owner));
        }
        assert_eq!("x".parse::<BlobOwner>(), Err(()));
        assert_eq!("x picture".parse::<BlobOwner>(), Err(()));
    }
}
