//! Reading ahead: the next batches are read and decoded while one is being applied.

use crate::{ProjectionError, incoming::Incoming, projector::BATCH};
use events::Position;
use platform::journal::Journal;
use tokio::sync::mpsc::{Receiver, channel};

/// Batches that may wait.
const AHEAD: usize = 2;

/// Batches of events behind `after`, in order, at least up to `until` or the end of the log. The first failure is the
/// last that comes. Reading ends when nobody receives any more.
pub(crate) fn batches(
    journal: &Journal,
    mut after: Position,
    until: Position,
) -> Receiver<Result<Incoming, ProjectionError>> {
    let (sender, receiver) = channel(AHEAD);
    let journal = journal.clone();
    tokio::spawn(async move {
        while after < until {
            let batch = next(&journal, after).await;
            let last = batch.as_ref().ok().and_then(Incoming::last);
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

async fn next(journal: &Journal, after: Position) -> Result<Incoming, ProjectionError> {
    let raw = journal.log().read_all(after, BATCH).await?;
    Incoming::read(journal, raw).await
}
