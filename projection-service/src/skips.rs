//! The events that operators have skipped. They are loaded before any event is applied, and again before a shadow replaces
//! the served read model.

use crate::{
    decoded::{DecodedBatch, DecodedEvent},
    error::ProjectionError,
};
use events::{
    Event, EventId, Position, ProjectionEvent, Recorded, Revision, StreamName, projection::Skipped,
};
use secrets::journal::Journal;
use sqlx::PgConnection;
use std::collections::HashSet;

/// Events read at once.
const PAGE: usize = 500;

/// Events that must not be applied.
#[derive(Clone, Debug, Default)]
pub(crate) struct Skips {
    events: HashSet<EventId>,
    /// The rulings and their positions.
    rulings: Vec<(Position, Skipped)>,
}

impl Skips {
    /// Loads all events skipped so far.
    pub(crate) async fn load(journal: &Journal) -> Result<Self, ProjectionError> {
        let mut skips = Self::default();
        let mut from = 0;
        loop {
            let page = journal.log().read_stream(&StreamName::projection(), from, PAGE).await?;
            let Some(last) = page.last() else { return Ok(skips) };
            from = last.revision + 1;
            for raw in page {
                // A ruling that cannot be decoded has no effect.
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

    /// Whether any of these events must not be applied.
    pub(crate) fn affect(&self, events: &[Recorded<Event>]) -> bool {
        !self.events.is_empty() && events.iter().any(|event| self.contain(event.id))
    }

    /// Whether the batch contains a skip ruling that is not loaded here.
    pub(crate) fn is_outdated_by(&self, events: &DecodedBatch) -> bool {
        events.any(|event| match event {
            Event::ProjectionEvent(ProjectionEvent::Skipped(skipped)) => !self.contain(skipped.event),
            _ => false,
        })
    }

    /// Whether the rows at `position` include an event that was skipped later: it was decodable for the program that applied
    /// it. A parked event, or one after it in its stream, was not applied.
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

/// The revision of a skipped event; `None` if the event is after `position`.
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
