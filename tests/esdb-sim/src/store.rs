//! The stored events, with the server's rules for writes: expected versions and recognised repeats.

use bytes::Bytes;
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};
use uuid::Uuid;

/// The server's default limit of one write, bytes.
pub(crate) const MAX_WRITE: usize = 1 << 20;
/// The server writes an event of its own after this many writes, and another application after that many.
const OWN_EVERY: usize = 7;
const OTHERS_EVERY: usize = 11;

/// A stored event.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) position: u64,
    pub(crate) stream: String,
    pub(crate) revision: u64,
    pub(crate) id: Uuid,
    pub(crate) metadata: HashMap<String, String>,
    pub(crate) custom_metadata: Bytes,
    pub(crate) data: Bytes,
}

/// An event to be stored.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) id: Uuid,
    pub(crate) metadata: HashMap<String, String>,
    pub(crate) custom_metadata: Bytes,
    pub(crate) data: Bytes,
}

impl Write {
    /// Size by the server's count, which has names of kinds in UTF-16.
    pub(crate) fn size(&self) -> usize {
        let kind = self.metadata.get("type").map_or(0, String::len);
        self.data.len() + self.custom_metadata.len() + 2 * kind
    }
}

/// The expected state of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expectation {
    Any,
    Exists,
    NoStream,
    Revision(u64),
}

/// The outcome of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Stored, now or earlier.
    Stored { last: u64, position: u64 },
    /// The stream has another revision.
    Wrong { current: Option<u64> },
    /// The stream was deleted permanently.
    Deleted,
}

/// All events, in memory.
#[derive(Debug)]
pub(crate) struct Store(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    records: Vec<Record>,
    /// Indexes of each stream's records.
    streams: HashMap<String, Vec<usize>>,
    deleted: HashSet<String>,
    end: u64,
    writes: usize,
}

impl Default for Store {
    /// The first record is the server's own.
    fn default() -> Self {
        let mut inner = Inner::default();
        inner.store("$epoch-information", vec![own("$EpochInformation")]);
        Self(Mutex::new(inner))
    }
}

impl Store {
    /// Writes all events or none.
    pub(crate) fn append(&self, stream: &str, expected: Expectation, events: Vec<Write>) -> Outcome {
        let mut inner = self.lock();
        if inner.deleted.contains(stream) {
            return Outcome::Deleted;
        }
        let known = inner.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let current = (known.len() as u64).checked_sub(1);
        let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
        if let Some((last, position)) = inner.earlier(known, expected, &ids) {
            return Outcome::Stored { last, position };
        }
        let passes = match expected {
            Expectation::Any => true,
            Expectation::Exists => current.is_some(),
            Expectation::NoStream => current.is_none(),
            Expectation::Revision(revision) => current == Some(revision),
        };
        if !passes {
            return Outcome::Wrong { current };
        }
        inner.store(stream, events);
        inner.make_noise();
        let last = inner.streams[stream].last().map(|index| &inner.records[*index]);
        let (last, position) = last.map_or((0, 0), |record| (record.revision, record.position));
        Outcome::Stored { last, position }
    }

    /// Every record, one a line.
    pub(crate) fn everything(&self) -> String {
        let line = |record: &Record| {
            let Record { stream, id, metadata, custom_metadata, data, .. } = record;
            let (meta, data) = (String::from_utf8_lossy(custom_metadata), String::from_utf8_lossy(data));
            format!("{stream} {id} {metadata:?} {meta} {data}\n")
        };
        self.lock().records.iter().map(line).collect()
    }

    /// Deletes a stream permanently.
    pub(crate) fn tombstone(&self, stream: &str) {
        self.lock().deleted.insert(stream.to_owned());
    }

    /// Events of a stream; `None` if there is no such stream, an error if it was deleted. `from` is inclusive.
    pub(crate) fn stream(
        &self,
        stream: &str,
        from: Option<u64>,
        backwards: bool,
        count: usize,
    ) -> Result<Option<Vec<Record>>, ()> {
        let inner = self.lock();
        if inner.deleted.contains(stream) {
            return Err(());
        }
        let Some(places) = inner.streams.get(stream) else { return Ok(None) };
        let at = |index: &usize| inner.records[*index].clone();
        let records = if backwards {
            let end = from.map_or(places.len(), |from| {
                places.len().min(usize::try_from(from).unwrap_or(usize::MAX).saturating_add(1))
            });
            places[..end].iter().rev().take(count).map(at).collect()
        } else {
            let start = places.len().min(usize::try_from(from.unwrap_or(0)).unwrap_or(usize::MAX));
            places[start..].iter().take(count).map(at).collect()
        };
        Ok(Some(records))
    }

    /// Events from a position on, inclusive; `None` if no event begins there.
    pub(crate) fn forwards(&self, from: u64, count: usize) -> Option<Vec<Record>> {
        let inner = self.lock();
        let start = inner.index_of(from)?;
        Some(inner.records[start..].iter().take(count).cloned().collect())
    }

    /// Events before a position (or before the end), latest first; `None` if no event begins there.
    pub(crate) fn backwards(&self, before: Option<u64>, count: usize) -> Option<Vec<Record>> {
        let inner = self.lock();
        let end = before.map_or(Some(inner.records.len()), |before| inner.index_of(before))?;
        Some(inner.records[..end].iter().rev().take(count).cloned().collect())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Finds these same events, as far as the server can tell: for an exact expectation at that revision, for a loose one anywhere
    /// in the stream. The server's memory of ids is bounded, this one is not.
    fn earlier(&self, known: &[usize], expected: Expectation, ids: &[Uuid]) -> Option<(u64, u64)> {
        let first = match expected {
            Expectation::NoStream => 0,
            Expectation::Revision(revision) => usize::try_from(revision).ok()?.checked_add(1)?,
            Expectation::Any | Expectation::Exists => {
                known.iter().position(|index| Some(&self.records[*index].id) == ids.first())?
            }
        };
        let places = known.get(first..first.checked_add(ids.len())?)?;
        let same = places.iter().zip(ids).all(|(index, id)| self.records[*index].id == *id);
        let last = &self.records[*places.last()?];
        same.then_some((last.revision, last.position))
    }

    fn store(&mut self, stream: &str, events: Vec<Write>) {
        let places = self.streams.entry(stream.to_owned()).or_default();
        for event in events {
            let size = event.size() as u64;
            let revision = places.len() as u64;
            places.push(self.records.len());
            let Write { id, metadata, custom_metadata, data } = event;
            let stream = stream.to_owned();
            self.records.push(Record {
                position: self.end,
                stream,
                revision,
                id,
                metadata,
                custom_metadata,
                data,
            });
            // A record has framing too.
            self.end += 97 + size;
        }
    }

    fn make_noise(&mut self) {
        self.writes += 1;
        if self.writes.is_multiple_of(OWN_EVERY) {
            self.store("$stats-127.0.0.1:2113", vec![own("$statsCollected")]);
        }
        if self.writes.is_multiple_of(OTHERS_EVERY) {
            self.store("vecheology-1", vec![own("lecture-given")]);
        }
    }

    /// A read may start only where an event begins, or at or after the end.
    fn index_of(&self, position: u64) -> Option<usize> {
        let index = self.records.partition_point(|record| record.position < position);
        match self.records.get(index) {
            Some(record) => (record.position == position).then_some(index),
            None => Some(index),
        }
    }
}

fn own(kind: &str) -> Write {
    let metadata = HashMap::from([("type".to_owned(), kind.to_owned())]);
    Write { id: Uuid::new_v4(), metadata, custom_metadata: Bytes::new(), data: Bytes::from_static(b"{}") }
}
