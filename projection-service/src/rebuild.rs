//! Rebuilds the read model from the log. The schema `ops` stays, so no effect is planned or sent again.

use crate::{error::ProjectionError, prefetch, projector::Projector, skips::Skips};
use events::Position;

/// Progress of a rebuild or of filling a shadow.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Position of the last event applied.
    pub position: Position,
    /// The head of the log at the beginning.
    pub head: Position,
    /// Number of events applied.
    pub events: u64,
}

/// Drops the read model and applies the log up to its current head; a running projection continues from there. `report` is
/// called after every batch. After an error the read model is incomplete: the projection or another rebuild completes it.
pub async fn rebuild(
    projector: &Projector,
    mut report: impl FnMut(Progress),
) -> Result<Progress, ProjectionError> {
    let head = projector.journal.log().head().await?;
    read_model::schema::recreate(projector.read.pool(), head).await?;
    projector.read.restart();
    let mut db = projector.connect().await?;
    let skips = Skips::load(&projector.journal).await?;
    let mut progress = Progress { position: 0, head, events: 0 };
    let mut batches = prefetch::batches(&projector.journal, 0, head);
    while let Some(events) = batches.recv().await {
        let events = events?;
        match projector.apply(&mut db, progress.position, &events, &skips).await? {
            Some(applied) => {
                progress.position = applied.position;
                progress.events += events.len() as u64;
            }
            // A running projection has applied the batch: continue from its checkpoint.
            None => {
                progress.position = projector.checkpoint(&mut db).await?;
                batches = prefetch::batches(&projector.journal, progress.position, head);
            }
        }
        report(progress);
    }
    read_model::schema::complete(&mut db).await?;
    Ok(progress)
}
