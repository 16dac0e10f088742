//! The log in memory: the smallest adapter that keeps the port's promises.

use crate::{
    Append, AppendError, Appended, Cause, RawEvent, Receipt,
    decision::{AppendDecision, AppendFacts, decide},
    head::KnownHead,
};
use events::{CommandId, EventId, Position, Revision, StreamName};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A log in memory, lost with its process. Clones share one log.
#[derive(Clone, Debug)]
pub struct MemoryLog {
    store: Arc<Mutex<Store>>,
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    head: KnownHead,
    closed: AtomicBool,
    poll: Duration,
}

#[derive(Debug, Default)]
struct Store {
    /// The event at position `n` has index `n - 1`.
    events: Vec<RawEvent>,
    /// Indexes into `events` by revision.
    streams: HashMap<StreamName, Vec<usize>>,
    receipts: HashMap<CommandId, Receipt>,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::over(Arc::default())
    }

    /// Opens the same events as a second process would: closing one does not close the other, and appends are not
    /// announced between them.
    pub fn reopen(&self) -> Self {
        Self::over(self.store.clone())
    }

    fn over(store: Arc<Mutex<Store>>) -> Self {
        let head = KnownHead::at(locked(&store).head());
        let handle = Handle { head, closed: AtomicBool::new(false), poll: Duration::from_millis(100) };
        Self { store, handle: Arc::new(handle) }
    }

    pub(crate) fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let mut store = locked(&self.store);
        if self.handle.closed.load(Ordering::Acquire) {
            return Err(AppendError::Unavailable(Cause::new("the log is closed")));
        }
        let appended = match store.decide(&append) {
            AppendDecision::Write(first) => store.write(append, first),
            AppendDecision::Repeat(appended) => appended,
            AppendDecision::Refuse(error) => return Err(error),
        };
        self.handle.head.advance(store.head());
        Ok(appended)
    }

    pub(crate) fn read_stream(&self, stream: &StreamName, from: Revision, limit: usize) -> Vec<RawEvent> {
        let store = locked(&self.store);
        let places = store.streams.get(stream).map_or(&[][..], |places| tail(places, from));
        places.iter().take(limit).filter_map(|place| store.events.get(*place).cloned()).collect()
    }

    pub(crate) fn read_all(&self, after: Position, limit: usize) -> Vec<RawEvent> {
        tail(&locked(&self.store).events, after).iter().take(limit).cloned().collect()
    }

    pub(crate) fn read_at(&self, positions: &BTreeSet<Position>) -> Vec<RawEvent> {
        let store = locked(&self.store);
        let place = |position: &Position| usize::try_from(position.checked_sub(1)?).ok();
        positions.iter().filter_map(place).filter_map(|place| store.events.get(place).cloned()).collect()
    }

    pub(crate) fn head(&self) -> Position {
        locked(&self.store).head()
    }

    pub(crate) fn receipt(&self, command: CommandId) -> Option<Receipt> {
        locked(&self.store).receipts.get(&command).cloned()
    }

    pub(crate) fn known_head(&self) -> &KnownHead {
        &self.handle.head
    }

    pub(crate) fn close(&self) {
        // Takes the lock, so that an append in progress has finished when this returns.
        let _store = locked(&self.store);
        self.handle.closed.store(true, Ordering::Release);
    }

    pub(crate) fn poll_interval(&self) -> Duration {
        self.handle.poll
    }
}

impl Store {
    fn head(&self) -> Position {
        self.events.len() as u64
    }

    fn decide(&self, append: &Append) -> AppendDecision {
        let places = self.streams.get(&append.stream).map_or(&[][..], Vec::as_slice);
        let known = AppendFacts {
            last: (places.len() as u64).checked_sub(1),
            receipt: append.command.and_then(|command| self.receipts.get(&command.id)),
            tried: None,
        };
        decide(append, known, |revision| self.at(places, revision))
    }

    fn at(&self, places: &[usize], revision: Revision) -> Option<(EventId, Position)> {
        let place = places.get(usize::try_from(revision).ok()?)?;
        self.events.get(*place).map(|event| (event.id, event.position))
    }

    fn write(&mut self, append: Append, first_revision: Revision) -> Appended {
        let first_position = self.head() + 1;
        let last = append.events.len() as u64 - 1;
        let places = self.streams.entry(append.stream.clone()).or_default();
        for (revision, event) in (first_revision..).zip(append.events) {
            places.push(self.events.len());
            self.events.push(RawEvent {
                position: self.events.len() as u64 + 1,
                stream: append.stream.clone(),
                revision,
                id: event.id,
                kind: event.kind,
                data: event.data,
                meta: event.meta,
            });
        }
        let appended = Appended {
            stream: append.stream,
            first_revision,
            last_revision: first_revision + last,
            first_position,
            position: first_position + last,
            repeated: false,
        };
        if let Some(command) = append.command {
            self.receipts.insert(command.id, Receipt::of(&appended, command.fingerprint));
        }
        appended
    }
}

/// No code that holds the lock leaves a store half changed, so a panic elsewhere is no reason to stop.
fn locked(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tail<T>(items: &[T], from: u64) -> &[T] {
    usize::try_from(from).ok().and_then(|from| items.get(from..)).unwrap_or_default()
}
