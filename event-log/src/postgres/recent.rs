//! The most recent events that this process appended itself. Subscriptions near the head read them from here instead
//! of asking the database for what was just sent to it.

use crate::RawEvent;
use events::Position;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Maximum number of events kept.
const MOST_EVENTS: usize = 4_096;
/// Maximum payload kept, in bytes.
const MOST_BYTES: usize = 8 << 20;

/// Contiguous events up to the last append of this process; emptied when another process appended in between.
#[derive(Debug, Default)]
pub(super) struct RecentEvents(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<RawEvent>,
    bytes: usize,
}

impl RecentEvents {
    /// Adds committed events in order of position.
    pub(super) fn push(&self, events: Vec<RawEvent>) {
        let Some(first) = events.first() else { return };
        let mut kept = self.kept();
        if kept.events.back().is_some_and(|last| last.position + 1 != first.position) {
            *kept = Kept::default();
        }
        for event in events {
            kept.bytes += size(&event);
            kept.events.push_back(event);
        }
        while kept.events.len() > MOST_EVENTS || kept.bytes > MOST_BYTES {
            let Some(oldest) = kept.events.pop_front() else { break };
            kept.bytes -= size(&oldest);
        }
    }

    /// Events after a position, at least one and at most `limit`; `None` if any of them is missing here.
    pub(super) fn after(&self, position: Position, limit: usize) -> Option<Vec<RawEvent>> {
        let kept = self.kept();
        let first = kept.events.front()?.position;
        let skip = usize::try_from((position + 1).checked_sub(first)?).ok()?;
        let found: Vec<RawEvent> = kept.events.iter().skip(skip).take(limit).cloned().collect();
        Some(found).filter(|found| !found.is_empty())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics between two changes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size(event: &RawEvent) -> usize {
    event.data.len() + event.meta.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use events::{EventId, StreamName};
    use uuid::Uuid;

    fn events(positions: impl IntoIterator<Item = Position>, bytes: usize) -> Vec<RawEvent> {
        let event = |position| RawEvent {
            position,
            stream: StreamName::stored("test-1"),
            revision: 0,
            id: EventId(Uuid::nil()),
            kind: "x".into(),
            data: Bytes::from(vec![0; bytes]),
            meta: Bytes::new(),
        };
        positions.into_iter().map(event).collect()
    }

    fn positions(found: Option<Vec<RawEvent>>) -> Option<Vec<Position>> {
        found.map(|events| events.iter().map(|event| event.position).collect())
    }

    #[test]
    fn after_returns_events_only_if_all_of_them_are_kept() {
        let tail = RecentEvents::default();
        assert_eq!(positions(tail.after(0, 10)), None);
        tail.push(events(5..8, 1));
        tail.push(events(8..9, 1));
        assert_eq!(positions(tail.after(4, 10)), Some(vec![5, 6, 7, 8]));
        assert_eq!(positions(tail.after(6, 1)), Some(vec![7]));
        assert_eq!(positions(tail.after(3, 10)), None, "4 is not here");
        assert_eq!(positions(tail.after(8, 10)), None, "others may have appended since");
        assert_eq!(positions(tail.after(90, 10)), None);
    }

    #[test]
    fn push_after_a_gap_drops_the_older_events() {
        let tail = RecentEvents::default();
        tail.push(events(1..4, 1));
        tail.push(events(9..11, 1));
        assert_eq!(positions(tail.after(2, 10)), None);
        assert_eq!(positions(tail.after(8, 10)), Some(vec![9, 10]));
    }

    #[test]
    fn push_beyond_the_limits_drops_the_oldest_events() {
        let tail = RecentEvents::default();
        tail.push(events(1..4, MOST_BYTES / 2));
        assert_eq!(positions(tail.after(1, 10)), Some(vec![2, 3]));
        tail.push(events(4..10_000, 0));
        assert_eq!(tail.kept().events.len(), MOST_EVENTS);
    }
}
