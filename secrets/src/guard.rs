//! Decides which stored events are trusted: those with a code of this installation, and those from before codes
//! existed.
//!
//! The event `history.guarded.v1`, which has a code itself, marks where codes begin: events before it may lack one.
//! A log whose first event has a code has no such marker, and every event in it needs a code.

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

/// Stored name of the event from which on every event has a code.
const GUARDED: &str = "history.guarded.v1";
/// Events per page.
const PAGE: usize = 100;
/// No event has a code yet.
const NOT_YET: Position = Position::MAX;

/// Decides which events are trusted. Clones share their state.
#[derive(Clone, Debug)]
pub struct Guard {
    mac: EventMac,
    /// Events up to this position may lack a code.
    unmarked_until: Arc<AtomicU64>,
}

/// Why an event is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UntrustedEvent {
    /// The event has no code, at a position where every event has one.
    #[error("it is not from this installation: it has no code")]
    Unmarked,
    /// The code of the event does not match.
    #[error("it is not as this installation wrote it: its code does not match")]
    Forged,
}

/// Where codes begin in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Every event after this position has one.
    At(Position),
    /// No event has one: earlier versions of the program wrote them all.
    NotYet,
    /// Some events have one, but the marker is missing: somebody removed it.
    Lost,
}

impl Guard {
    /// Trusts no event without a code.
    pub fn new(mac: EventMac) -> Self {
        Self { mac, unmarked_until: Arc::default() }
    }

    pub(crate) fn mac(&self) -> &EventMac {
        &self.mac
    }

    /// Checks an event.
    ///
    /// # Errors
    /// [`UntrustedEvent`] if the event must not be trusted.
    pub fn check(&self, event: &RawEvent) -> Result<(), UntrustedEvent> {
        self.admit(event).map(drop)
    }

    /// Checks an event, and tells how its values are sealed. A marker event changes the state for the events after
    /// it.
    pub(crate) fn admit(&self, event: &RawEvent) -> Result<Version, UntrustedEvent> {
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
            Origin::Unmarked => Err(UntrustedEvent::Unmarked),
            Origin::Forged => Err(UntrustedEvent::Forged),
        }
    }

    /// Whether codes begin somewhere in the log.
    pub fn has_begun(&self) -> bool {
        self.unmarked_until.load(Ordering::Acquire) != NOT_YET
    }

    /// Reads where codes begin, and applies it from now on.
    ///
    /// # Errors
    /// [`ReadError`] if the log cannot be read.
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
        // An unchanged value is not an error.
        let _ = self.unmarked_until.fetch_update(Ordering::AcqRel, Ordering::Acquire, set);
    }
}

fn is_beginning(event: &RawEvent) -> bool {
    event.kind == GUARDED && event.stream == StreamName::history()
}
