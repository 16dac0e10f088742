//! The steps that erasures of persons and teams share.

use crate::{
    aggregates::{Aggregates, TransactError, Transacted},
    answers::Answers,
    blob_gc::BlobGc,
    context::Context,
};
use access::Access;
use domain::upload::Uploads;
use events::{ContactId, Position, ReceiptId, StreamName, Subject, TeamId};
use media::blobs::Blobs;
use platform::http::ApiError;
use secrets::journal::{Journal, KEY_POLL_INTERVAL};
use std::{fmt::Debug, time::Duration};

/// After this time every process has forgotten a destroyed key, and appends in flight have arrived.
const KEY_FORGOTTEN: Duration = Duration::from_secs(KEY_POLL_INTERVAL.as_secs() * 3);

/// Files that one append removes.
const FILES: usize = 200;

/// A recorded request for erasure.
#[derive(Clone, Copy, Debug)]
pub struct ErasureRequested {
    /// Names the erasure in the receipt.
    pub receipt: ReceiptId,
    /// The position of the request's event.
    pub position: Position,
}

/// The work of one pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasurePass {
    /// Messages that were deleted.
    pub messages: u64,
    /// Files that were removed.
    pub files: u64,
    /// Memberships that ended, reminders that were removed, phone numbers that were released.
    pub others: u64,
    /// The erasure is complete, and the log says so.
    pub finished: bool,
}

impl ErasurePass {
    pub(super) fn found_nothing(&self) -> bool {
        (self.messages, self.files, self.others) == (0, 0, 0)
    }
}

/// The services that erasures use. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ErasureSteps {
    pub(crate) access: Access,
    pub(crate) journal: Journal,
    pub(crate) aggregates: Aggregates,
    pub(crate) answers: Answers,
    pub(crate) gc: BlobGc,
    pub(crate) blobs: Blobs,
}

impl ErasureSteps {
    /// Destroys a subject's key, and says whether every process has forgotten it.
    pub(super) async fn destroy_key(&self, subject: Subject) -> Result<bool, ApiError> {
        let ago = self.journal.destroy_key(subject).await.map_err(ApiError::unavailable)?;
        self.aggregates.forget_states();
        Ok(ago >= KEY_FORGOTTEN)
    }

    /// Removes a contact's files from a team, or all files; returns how many, and the position of the last event.
    pub(super) async fn remove_files(
        &self,
        team: TeamId,
        owner: Option<ContactId>,
    ) -> Result<(u64, Position), ApiError> {
        let context = Context::system("upload.forget", self.access.clock.now());
        let stream = StreamName::uploads(team);
        let (mut removed, mut position) = (0, 0);
        loop {
            let files = self.aggregates.current::<Uploads>(&stream).await?.first_of(owner, FILES);
            if files.is_empty() {
                return Ok((removed, position));
            }
            for (upload, blob) in &files {
                self.gc.mark_file(team, *upload, *blob).await?;
            }
            let uploads: Vec<_> = files.iter().map(|(upload, _)| *upload).collect();
            let done: Transacted<Uploads> = expect_allowed(
                self.aggregates
                    .transact(&context, stream.clone(), |_: &Uploads| {
                        domain::upload::Command::Forget(uploads.clone())
                    })
                    .await,
            )?;
            for (upload, blob) in &files {
                self.gc.collect_file(team, *upload, *blob).await;
            }
            (removed, position) = (removed + done.events.len() as u64, done.position.max(position));
        }
    }
}

/// The outcome of a command that no rule forbids.
pub(super) fn expect_allowed<T, R: Debug>(done: Result<T, TransactError<R>>) -> Result<T, ApiError> {
    done.map_err(|error| {
        error.or(|rejection| ApiError::internal(format!("erasure step rejected: {rejection:?}")))
    })
}
