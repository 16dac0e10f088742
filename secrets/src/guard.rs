//! Decides which stored events are believed: those that carry the code of this installation, and those that were written before there
//! were codes.
//!
//! Where codes begin is itself an event with a code, `history.guarded.v1`: what stands before it in the log may be without one.
//! A log whose first event carries a code has no such event, and nothing in it may be without one.

use crate::{
    event_mac::{EventMac, Origin},
    sealing::Version,
};
use event_log::{Log, RawEvent, ReadError};
use events::{Position, StreamName};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The stored name of the event from which on all carry a code.
const GUARDED: &str = "history.guarded.v1";
/// Events that are read at once.
const PAGE: usize = 100;
/// Codes have not begun yet.
const NOT_YET: Position = Position::MAX;

/// Decides which events are believed. Clones share what they know.
#[derive(Clone, Debug)]
pub struct Guard {
    mac: EventMac,
    /// Up to here events may be without a code.
    unmarked_until: Arc<AtomicU64>,
}

/// Why an event is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// It carries no code, and stands where each event has one.
    #[error("it is not from this installation: it carries no code")]
    Unmarked,
    /// Its code is not its own.
    #[error("it is not as this installation wrote it: its code does not fit")]
    Forged,
}

/// The state of a log with regard to codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// All events behind this position carry one.
    At(Position),
    /// None carries one: programs of before have written it.
    NotYet,
    /// Some carry one, and the event that says from where on is not there: somebody has taken it away.
    Lost,
}

impl Guard {
    /// Believes no event without a code.
    pub fn new(mac: EventMac) -> Self {
        Self { mac, unmarked_until: Arc::default() }
    }

    pub(crate) fn mac(&self) -> &EventMac {
        &self.mac
    }

    /// Whether an event is believed.
    ///
    /// # Errors
    /// [`NotOurs`].
    pub fn check(&self, event: &RawEvent) -> Result<(), NotOurs> {
        self.admit(event).map(drop)
    }

    /// Whether an event is believed, and how its values are sealed then. An event that moves the beginning of codes is obeyed
    /// by those behind it.
    pub(crate) fn admit(&self, event: &RawEvent) -> Result<Version, NotOurs> {
        match self.mac.origin(event) {
            Origin::Genuine => {
                if is_beginning(event) {
                    self.begin(event.position);
                }
                Ok(Version::V2)
            }
            Origin::Unmarked if event.position <= self.unmarked_until.load(Ordering::Acquire) => {
                Ok(Version::V1)
            }
            Origin::Unmarked => Err(NotOurs::Unmarked),
            Origin::Forged => Err(NotOurs::Forged),
        }
    }

    /// Whether there is a place in the log from which on each event must carry a code.
    pub fn has_begun(&self) -> bool {
        self.unmarked_until.load(Ordering::Acquire) != NOT_YET
    }

    /// Reads from the log where codes begin, and believes accordingly from now on.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn read(&self, log: &Log) -> Result<Beginning, ReadError> {
        let beginning = self.beginning(log).await?;
        match beginning {
            Beginning::At(position) => self.unmarked_until.store(position, Ordering::Release),
            Beginning::NotYet => self.unmarked_until.store(NOT_YET, Ordering::Release),
            Beginning::Lost => {}
        }
        Ok(beginning)
    }

    async fn beginning(&self, log: &Log) -> Result<Beginning, ReadError> {
        let (mut found, mut from) = (None, 0);
        loop {
            let page = log.read_stream(&StreamName::history(), from, PAGE).await?;
            let Some(last) = page.last() else { break };
            from = last.revision + 1;
            let genuine =
                |event: &&RawEvent| is_beginning(event) && self.mac.origin(event) == Origin::Genuine;
            found = page.iter().filter(genuine).map(|event| event.position).next_back().or(found);
        }
        if let Some(position) = found {
            return Ok(Beginning::At(position));
        }
        let Some(first) = log.read_all(0, 1).await?.pop() else { return Ok(Beginning::At(0)) };
        match self.mac.origin(&first) {
            Origin::Genuine => return Ok(Beginning::At(0)),
            Origin::Forged => return Ok(Beginning::Lost),
            Origin::Unmarked => {}
        }
        let last = log.read_at(&[log.head().await?]).await?.pop().unwrap_or(first);
        Ok(match self.mac.origin(&last) {
            Origin::Unmarked => Beginning::NotYet,
            Origin::Genuine | Origin::Forged => Beginning::Lost,
        })
    }

    fn begin(&self, position: Position) {
        let set = |known| (known == NOT_YET || known < position).then_some(position);
        // Nothing to do is no failure.
        let _ = self.unmarked_until.fetch_update(Ordering::AcqRel, Ordering::Acquire, set);
    }
}

fn is_beginning(event: &RawEvent) -> bool {
    event.kind == GUARDED && event.stream == StreamName::history()
}
