//! Applies operators' rulings about untrusted events: a stream continues after one that is to be skipped.

use super::{BadEvent, Journal, LoadError, PAGE};
use event_log::RawEvent;
use events::{Event, Meta, ProjectionEvent, Recorded, StreamName, projection::Skipped};

impl Journal {
    /// Decodes events, some of which are untrusted; a ruling to skip takes the place of each.
    pub(super) async fn without_skipped(
        &self,
        page: Vec<RawEvent>,
    ) -> Result<Vec<Recorded<Event>>, LoadError> {
        let skipped = self.skipped().await?;
        let mut events = Vec::with_capacity(page.len());
        for raw in page {
            let RawEvent { position, stream, revision, id, .. } = raw.clone();
            match self.decode(vec![raw]).await {
                Err(error @ LoadError::Event { source: BadEvent::Untrusted(_), .. }) => {
                    let ruling = skipped.iter().find(|(_, skipped)| skipped.event == id);
                    let Some((meta, ruling)) = ruling else { return Err(error) };
                    let event = Event::from(ProjectionEvent::from(ruling.clone()));
                    events.push(Recorded { position, stream, revision, id, meta: meta.clone(), event });
                }
                decoded => events.extend(decoded?),
            }
        }
        Ok(events)
    }

    /// The rulings to skip; rulings that are untrusted or unreadable are ignored.
    async fn skipped(&self) -> Result<Vec<(Meta, Skipped)>, LoadError> {
        let (mut skipped, mut from) = (vec![], 0);
        loop {
            let page = self.log.read_stream(&StreamName::projection(), from, PAGE).await?;
            let Some(last) = page.last() else { return Ok(skipped) };
            from = last.revision + 1;
            for raw in page {
                let decoded = match self.decode(vec![raw]).await {
                    Err(LoadError::Event { .. }) => continue,
                    decoded => decoded?,
                };
                skipped.extend(decoded.into_iter().filter_map(|recorded| match recorded.event {
                    Event::ProjectionEvent(ProjectionEvent::Skipped(skipped)) => {
                        Some((recorded.meta, skipped))
                    }
                    _ => None,
                }));
            }
        }
    }
}
