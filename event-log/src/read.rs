//! Results of reading the log.

use crate::{Appended, Cause};
use bytes::Bytes;
use events::{EventId, Position, Revision, StreamName};

/// A stored event, not yet decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEvent {
    /// Position in the log; the first event has 1 or more.
    pub position: Position,
    /// Stream that the event belongs to.
    pub stream: StreamName,
    /// Revision in the stream, from 0.
    pub revision: Revision,
    /// Identity of the event.
    pub id: EventId,
    /// Stored name of the event type, `noun.past_tense.vN`.
    pub kind: String,
    /// Encoded payload.
    pub data: Bytes,
    /// Encoded metadata.
    pub meta: Bytes,
}

/// Result of a command, stored so that a repetition gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Stream that the command appended to.
    pub stream: StreamName,
    /// Revision of the first event.
    pub first_revision: Revision,
    /// Revision of the last event.
    pub last_revision: Revision,
    /// Position of the first event.
    pub first_position: Position,
    /// Position of the last event.
    pub position: Position,
    /// Hash of the request.
    pub fingerprint: [u8; 32],
}

impl Receipt {
    /// Receipt of an append.
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

    /// Answer to a repetition of the command.
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

/// Reasons why the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The log is unreachable. Retry later.
    #[error("the log is not available: {0}")]
    Unavailable(#[source] Cause),
    /// A position is missing in a log with dense positions. An event was lost or tampered with; reading on would skip
    /// it for ever.
    #[error("the log has a gap: position {found} follows {after}")]
    Gap {
        /// Last position before the gap.
        after: Position,
        /// First position after the gap.
        found: Position,
    },
    /// A stored value cannot have been written by the log.
    #[error("the log holds a value it cannot have written: {0}")]
    Corrupt(&'static str),
}
