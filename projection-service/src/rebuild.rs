//! Drops the read model and makes it anew from the log. What is remembered beside the log stays, so nothing is sent
//! again.

use crate::{ProjectionError, Projector, prefetch, skips::Skips};
use events::Position;

/// How far a rebuild has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The last event applied.
    pub position: Position,
    /// The head of the log when it began.
    pub head: Position,
    /// Events applied.
    pub events: u64,
}

/// Rebuilds up to the head that the log has when it begins; a running projection then follows on. Progress is told after
/// every batch.
///
/// # Errors
/// The log or the database failed; the read model is then incomplete, and the projection or another rebuild goes on.
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
            // A running projection is rebuilding with us: go on from where it stands.
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
