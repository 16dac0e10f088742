//! What all clones of a log share: the connection, what was seen of the log so far, and room for appends.

use super::{EventStoreDbSettings, wire::Wire};
use crate::head::KnownHead;
use events::{Position, Revision, StreamName};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::{RwLock, Semaphore};

/// Appends whose positions are remembered, to tell the first of two equal ones.
const ANSWERS: usize = 4_096;
/// Streams whose lengths are remembered.
const STREAMS: usize = 65_536;

/// See the file's head.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) wire: Wire,
    pub(super) settings: EventStoreDbSettings,
    pub(super) head: KnownHead,
    /// Held shared by appends, and for ever exclusively by who closes.
    pub(super) open: Arc<RwLock<bool>>,
    pub(super) appends: Arc<Semaphore>,
    pub(super) budget: Arc<Semaphore>,
    /// The highest position that is certainly stored; the known head is also what others say.
    seen: AtomicU64,
    tail: Mutex<Tail>,
    scan: Mutex<Scan>,
    answers: Mutex<Answers>,
    /// Revisions that streams have certainly reached.
    lengths: Mutex<HashMap<StreamName, Revision>>,
}

/// The end of the log, as it was last seen from behind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tail {
    /// Our last event.
    pub(super) head: Position,
    /// Up to here it is the last.
    pub(super) looked_until: Position,
}

/// A stretch without events of ours, so that those who wait at its beginning do not read it again and again.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    after: Position,
    looked_until: Position,
}

/// Positions that callers were told of.
#[derive(Debug, Default)]
struct Answers {
    told: HashSet<Position>,
    order: VecDeque<Position>,
}

impl Shared {
    pub(super) fn new(wire: Wire, settings: EventStoreDbSettings) -> Self {
        Self {
            wire,
            head: KnownHead::at(0),
            open: Arc::new(RwLock::new(true)),
            appends: Arc::new(Semaphore::new(settings.queued_appends)),
            budget: Arc::new(Semaphore::new(settings.queued_kib)),
            seen: AtomicU64::new(0),
            tail: Mutex::default(),
            scan: Mutex::default(),
            answers: Mutex::default(),
            lengths: Mutex::default(),
            settings,
        }
    }

    /// Where to read on for what is behind a position.
    pub(super) fn nothing_of_ours_up_to(&self, after: Position) -> Position {
        match *locked(&self.scan) {
            scan if scan.after == after => scan.looked_until,
            _ => after,
        }
    }

    /// Between two places there are others' events alone.
    pub(super) fn found_nothing(&self, after: Position, looked_until: Position) {
        *locked(&self.scan) = Scan { after, looked_until };
    }

    pub(super) fn tail(&self) -> Tail {
        *locked(&self.tail)
    }

    /// The end of the log was seen; another look may have seen a later one.
    pub(super) fn saw_tail(&self, tail: Tail) {
        let mut known = locked(&self.tail);
        if known.looked_until <= tail.looked_until {
            *known = tail;
        }
        drop(known);
        self.saw(tail.head);
    }

    pub(super) fn seen(&self) -> Position {
        self.seen.load(Ordering::Acquire)
    }

    /// An event is stored there.
    pub(super) fn saw(&self, position: Position) {
        self.seen.fetch_max(position, Ordering::AcqRel);
        self.head.advance(position);
    }

    /// A caller is told of an append that ends there: `false` if another one was before.
    pub(super) fn answered(&self, position: Position) -> bool {
        let mut answers = locked(&self.answers);
        let first = answers.told.insert(position);
        if first {
            answers.order.push_back(position);
        }
        if answers.order.len() > ANSWERS
            && let Some(oldest) = answers.order.pop_front()
        {
            answers.told.remove(&oldest);
        }
        first
    }

    /// A stream has an event at this revision.
    pub(super) fn grown(&self, stream: &StreamName, last: Revision) {
        let mut lengths = locked(&self.lengths);
        if lengths.len() >= STREAMS {
            // Rarely, and all it costs is a look.
            lengths.clear();
        }
        let known = lengths.entry(stream.clone()).or_insert(last);
        *known = last.max(*known);
    }

    pub(super) fn has_grown_to(&self, stream: &StreamName, revision: Revision) -> bool {
        locked(&self.lengths).get(stream).is_some_and(|last| *last >= revision)
    }
}

/// Nothing is left half done under these locks.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
