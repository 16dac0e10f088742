//! Reading ahead: the next batches are read and decoded while one is being applied.

use crate::{ProjectionError, decoded::DecodedBatch};
use events::Position;
use secrets::journal::Journal;
use tokio::sync::mpsc::{Receiver, channel};

/// Events of one transaction at most, where it is long until anybody sees what it brings.
const LONG_BATCH: usize = 2_000;

/// Batches that may wait.
pub(crate) const PREFETCHED_BATCHES: usize = 2;

/// Batches of events behind `after`, in order, up to `until` or the end of the log. The first failure is the last that comes.
/// Reading ends when nobody receives any more.
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
    let mut raw = journal.log().read_all(after, LONG_BATCH).await?;
    raw.truncate(raw.partition_point(|event| event.position <= until));
    DecodedBatch::decode(journal, raw).await
}
