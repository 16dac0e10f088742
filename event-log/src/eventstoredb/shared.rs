//! State that all clones of a log share: the connection, what was seen of the log, and room for appends.

use super::{settings::EventStoreDbSettings, wire::Wire};
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

/// Number of remembered append positions, which tell the first of two equal appends.
const ANSWERS: usize = 4_096;
/// Number of streams whose length is remembered.
const STREAMS: usize = 65_536;

/// State that all clones of a log share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) wire: Wire,
    pub(super) settings: EventStoreDbSettings,
    pub(super) head: KnownHead,
    /// Appends hold it shared; closing takes it exclusively.
    pub(super) open: Arc<RwLock<bool>>,
    pub(super) appends: Arc<Semaphore>,
    pub(super) budget: Arc<Semaphore>,
    /// Highest position that is certainly stored; the known head also includes announcements by others.
    seen: AtomicU64,
    tail: Mutex<LogEnd>,
    scan: Mutex<Scan>,
    answers: Mutex<Answers>,
    /// Revisions that streams have certainly reached.
    lengths: Mutex<HashMap<StreamName, Revision>>,
}

/// The end of the log as last read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LogEnd {
    /// Position of this log's last event.
    pub(super) head: Position,
    /// Position up to which that was the last event.
    pub(super) scanned_until: Position,
}

/// A range without events of this log, so that subscriptions waiting at its beginning do not read it again and again.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    after: Position,
    scanned_until: Position,
}

/// Positions of appends that were answered as written now.
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

    /// Position to read on from for events after a position.
    pub(super) fn resume_scan_after(&self, after: Position) -> Position {
        match *locked(&self.scan) {
            scan if scan.after == after => scan.scanned_until,
            _ => after,
        }
    }

    /// Records that there are only events of others between two positions.
    pub(super) fn note_empty_range(&self, after: Position, scanned_until: Position) {
        *locked(&self.scan) = Scan { after, scanned_until };
    }

    pub(super) fn tail(&self) -> LogEnd {
        *locked(&self.tail)
    }

    /// Records the end of the log; a concurrent read may have seen a later one.
    pub(super) fn saw_tail(&self, tail: LogEnd) {
        let mut known = locked(&self.tail);
        if known.scanned_until <= tail.scanned_until {
            *known = tail;
        }
        drop(known);
        self.saw(tail.head);
    }

    pub(super) fn seen(&self) -> Position {
        self.seen.load(Ordering::Acquire)
    }

    /// Records that an event is stored at a position.
    pub(super) fn saw(&self, position: Position) {
        self.seen.fetch_max(position, Ordering::AcqRel);
        self.head.advance(position);
    }

    /// Records the answer to an append that ends at a position; `false` if another one was answered with it before.
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

    /// Records that a stream has an event at this revision.
    pub(super) fn grown(&self, stream: &StreamName, last: Revision) {
        let mut lengths = locked(&self.lengths);
        if lengths.len() >= STREAMS {
            // Happens rarely and costs one read per stream.
            lengths.clear();
        }
        let known = lengths.entry(stream.clone()).or_insert(last);
        *known = last.max(*known);
    }

    pub(super) fn has_grown_to(&self, stream: &StreamName, revision: Revision) -> bool {
        locked(&self.lengths).get(stream).is_some_and(|last| *last >= revision)
    }
}

/// No holder of these locks leaves its value half changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
