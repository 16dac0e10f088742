//! What operators have skipped: known before the log is read from its beginning, and asked again before rows that stand
//! beside the served ones take their place.

use crate::{
    ProjectionError,
    decoded::{DecodedBatch, DecodedEvent},
};
use events::{
    Event, EventId, Position, ProjectionEvent, Recorded, Revision, StreamName, projection::Skipped,
};
use secrets::journal::Journal;
use sqlx::PgConnection;
use std::collections::HashSet;

/// Events that are read at once.
const PAGE: usize = 500;

/// Events that must never be applied.
#[derive(Clone, Debug, Default)]
pub(crate) struct Skips {
    events: HashSet<EventId>,
    /// What was ruled, and where.
    rulings: Vec<(Position, Skipped)>,
}

impl Skips {
    /// All that operators have ever skipped.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(crate) async fn load(journal: &Journal) -> Result<Self, ProjectionError> {
        let mut skips = Self::default();
        let mut from = 0;
        loop {
            let page = journal.log().read_stream(&StreamName::projection(), from, PAGE).await?;
            let Some(last) = page.last() else { return Ok(skips) };
            from = last.revision + 1;
            for raw in page {
                // A ruling that cannot be read rules nothing.
                if let Ok(Recorded {
                    event: Event::ProjectionEvent(ProjectionEvent::Skipped(skipped)),
                    position,
                    ..
                }) = DecodedEvent::decode(journal, raw).await?.result
                {
                    skips.events.insert(skipped.event);
                    skips.rulings.push((position, skipped));
                }
            }
        }
    }

    /// Whether an event must not be applied.
    pub(crate) fn contain(&self, event: EventId) -> bool {
        self.events.contains(&event)
    }

    /// Whether some of these must not be applied as they come.
    pub(crate) fn affect(&self, events: &[Recorded<Event>]) -> bool {
        !self.events.is_empty() && events.iter().any(|event| self.contain(event.id))
    }

    /// Whether something was skipped among these that is not known here.
    pub(crate) fn is_outdated_by(&self, events: &DecodedBatch) -> bool {
        events.any(|event| match event {
            Event::ProjectionEvent(ProjectionEvent::Skipped(skipped)) => !self.contain(skipped.event),
            _ => false,
        })
    }

    /// Whether rows that stand at `position` show what must never be applied: a program that could read it came by before
    /// it was skipped. What is parked there, or waits behind what is, was not applied.
    ///
    /// # Errors
    /// Log or database failed.
    pub(crate) async fn were_violated(
        &self,
        journal: &Journal,
        db: &mut PgConnection,
        position: Position,
    ) -> Result<bool, ProjectionError> {
        for (_, skipped) in self.rulings.iter().filter(|(ruled, _)| *ruled > position) {
            let Some(revision) = revision_before(journal, skipped, position).await? else { continue };
            let parked: bool =
                sqlx::query_scalar("SELECT EXISTS (SELECT FROM parked WHERE stream = $1 AND revision <= $2)")
                    .bind(&skipped.stream)
                    .bind(revision.cast_signed())
                    .fetch_one(&mut *db)
                    .await?;
            if !parked {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Where a skipped event is in its stream, if it stands in the log up to `position`.
async fn revision_before(
    journal: &Journal,
    skipped: &Skipped,
    position: Position,
) -> Result<Option<Revision>, ProjectionError> {
    let stream = StreamName::stored(skipped.stream.clone());
    let mut from = 0;
    loop {
        let page = journal.log().read_stream(&stream, from, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        from = last.revision + 1;
        if let Some(found) = page.iter().find(|event| event.id == skipped.event) {
            return Ok((found.position <= position).then_some(found.revision));
        }
    }
}
