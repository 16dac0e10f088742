//! Reads and decodes the next batches while the current one is being applied.

use crate::{decoded::DecodedBatch, error::ProjectionError};
use events::Position;
use secrets::journal::Journal;
use tokio::sync::mpsc::{Receiver, channel};

/// Maximum events per transaction of a rebuild, where nobody waits for the rows of a single event.
const MAX_BATCH: usize = 2_000;

/// Decoded batches that may wait to be applied.
pub(crate) const PREFETCHED_BATCHES: usize = 2;

/// Batches of the events after `after`, in order, up to `until` or the end of the log. An error ends the batches. Dropping
/// the receiver stops the reading.
#[expect(clippy::disallowed_methods, reason = "the task ends with the receiver")]
pub(crate) fn batches(
    journal: &Journal,
    mut after: Position,
    until: Position,
) -> Receiver<Result<DecodedBatch, ProjectionError>> {
    let (sender, receiver) = channel(PREFETCHED_BATCHES);
    let journal = journal.clone();
    tokio::spawn(async move {
        while after < until {
            let batch = next(&journal, after, until).await;
            let last = batch.as_ref().ok().and_then(DecodedBatch::last_position);
            let Some(last) = last else {
                if let Err(error) = batch {
                    let _ = sender.send(Err(error)).await;
                }
                return;
            };
            if sender.send(batch).await.is_err() {
                return;
            }
            after = last;
        }
    });
    receiver
}

async fn next(journal: &Journal, after: Position, until: Position) -> Result<DecodedBatch, ProjectionError> {
    let mut raw = journal.log().read_all(after, MAX_BATCH).await?;
    raw.truncate(raw.partition_point(|event| event.position <= until));
    DecodedBatch::decode(journal, raw).await
}
