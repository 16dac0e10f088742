//! The newest events, as far as this process appended them itself: whoever follows the log closely is given them from
//! here, and the database is not asked for what was sent to it a moment ago.

use crate::RawEvent;
use events::Position;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Events that are kept at most.
const MOST_EVENTS: usize = 4_096;
/// Payload that is kept at most, bytes.
const MOST_BYTES: usize = 8 << 20;

/// Events without a hole between them, and nothing if somebody else appended last.
#[derive(Debug, Default)]
pub(super) struct Tail(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<RawEvent>,
    bytes: usize,
}

impl Tail {
    /// Adds events that are committed, in the order of their positions.
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

    /// Events behind a position, one at least and `limit` at most; `None` when they are not all here.
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
    fn what_lies_behind_a_position_is_given_if_all_of_it_is_here() {
        let tail = Tail::default();
        assert_eq!(positions(tail.after(0, 10)), None);
        tail.push(events(5..8, 1));
        tail.push(events(8..9, 1));
        assert_eq!(positions(tail.after(4, 10)), Some(vec![5, 6, 7, 8]));
        assert_eq!(positions(tail.after(6, 1)), Some(vec![7]));
        assert_eq!(positions(tail.after(3, 10)), None, "4 is not here");
        assert_eq!(positions(tail.after(8, 10)), None, "who knows what others appended");
        assert_eq!(positions(tail.after(90, 10)), None);
    }

    #[test]
    fn what_others_appended_in_between_ends_it() {
        let tail = Tail::default();
        tail.push(events(1..4, 1));
        tail.push(events(9..11, 1));
        assert_eq!(positions(tail.after(2, 10)), None);
        assert_eq!(positions(tail.after(8, 10)), Some(vec![9, 10]));
    }

    #[test]
    fn it_stays_small() {
        let tail = Tail::default();
        tail.push(events(1..4, MOST_BYTES / 2));
        assert_eq!(positions(tail.after(1, 10)), Some(vec![2, 3]));
        tail.push(events(4..10_000, 0));
        assert_eq!(tail.kept().events.len(), MOST_EVENTS);
    }
}
