//! What the log answers when it is read.

use crate::Appended;
use bytes::Bytes;
use events::{EventId, Position, Revision, StreamName};
use std::{error::Error, fmt, sync::Arc};

/// An event as it is stored; decoding is the reader's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEvent {
    /// Place in the whole log, from 1.
    pub position: Position,
    /// The stream it belongs to.
    pub stream: StreamName,
    /// Place in the stream, from 0.
    pub revision: Revision,
    /// Identity, stable over retries.
    pub id: EventId,
    /// The stored name.
    pub kind: String,
    /// The encoded fact.
    pub data: Bytes,
    /// Encoded metadata.
    pub meta: Bytes,
}

/// What a command led to, kept so that a repeat of it finds the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The stream it wrote to.
    pub stream: StreamName,
    /// Revision of the first event.
    pub first_revision: Revision,
    /// Revision of the last event.
    pub last_revision: Revision,
    /// Position of the first event.
    pub first_position: Position,
    /// Position of the last event.
    pub position: Position,
    /// The hash of the request.
    pub fingerprint: [u8; 32],
}

impl Receipt {
    /// The receipt of an append.
    pub(crate) fn of(appended: &Appended, fingerprint: [u8; 32]) -> Self {
        Self {
            stream: appended.stream.clone(),
            first_revision: appended.first_revision,
            last_revision: appended.last_revision,
            first_position: appended.first_position,
            position: appended.position,
            fingerprint,
        }
    }

    /// The answer to a repeat.
    pub(crate) fn repeated(&self) -> Appended {
        Appended {
            stream: self.stream.clone(),
            first_revision: self.first_revision,
            last_revision: self.last_revision,
            first_position: self.first_position,
            position: self.position,
            repeated: true,
        }
    }
}

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be reached.
    #[error("the log is not available: {0}")]
    Unavailable(#[source] Cause),
    /// A position is missing in a log that has none missing: an alarm. Reading on would lose an event for ever.
    #[error("the log has a hole: position {found} follows {after}")]
    Gap {
        /// The last position before the hole.
        after: Position,
        /// The first one behind it.
        found: Position,
    },
    /// What is stored is not what the log writes.
    #[error("the log holds a value it cannot have written: {0}")]
    Corrupt(&'static str),
}

/// The error underneath, shared by all who wait for the same batch; which client it comes from is the adapter's affair.
#[derive(Clone, Debug)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    /// Wraps what an adapter's client says.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
