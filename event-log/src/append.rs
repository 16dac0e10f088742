//! Requests to append events, and their results.

use crate::Cause;
use bytes::Bytes;
use events::{CommandId, EventId, Position, Revision, StreamName};
use std::fmt;

/// Maximum size of one event in bytes, data and metadata together.
pub const MAX_EVENT_BYTES: usize = 1 << 20;
/// Maximum number of events in one append.
pub const MAX_APPEND_EVENTS: usize = 500;
/// Maximum size of one append in bytes; an adapter may allow less, see [`crate::Capabilities::largest_append`].
pub const MAX_APPEND_BYTES: usize = 16 << 20;
/// Maximum length of a stream name in bytes: it must fit into an index entry of Postgres.
pub const MAX_STREAM_BYTES: usize = 512;
/// Maximum length of an event kind in bytes.
pub const MAX_KIND_BYTES: usize = 255;

/// An event to store. `data` and `meta` are opaque to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Identity of the event. Retries must reuse it: equal ids make an append idempotent.
    pub id: EventId,
    /// Stored name of the event type, `noun.past_tense.vN`.
    pub kind: String,
    /// Encoded payload.
    pub data: Bytes,
    /// Encoded metadata.
    pub meta: Bytes,
}

impl NewEvent {
    /// Payload size in bytes.
    fn size(&self) -> usize {
        self.data.len() + self.meta.len()
    }
}

/// Condition on the stream under which an append succeeds.
///
/// A retry is only safe with [`Expected::NoStream`], with [`Expected::Revision`], or with a command: repeated event
/// ids are then recognised for ever. With [`Expected::Exists`] or [`Expected::Any`] they are recognised only while
/// those events are the last of the stream; later they are stored a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The stream has no events.
    NoStream,
    /// The last event of the stream has this revision.
    Revision(Revision),
    /// The stream has at least one event.
    Exists,
    /// No condition.
    Any,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStream => f.write_str("no stream"),
            Self::Revision(revision) => write!(f, "revision {revision}"),
            Self::Exists => f.write_str("an existing stream"),
            Self::Any => f.write_str("anything"),
        }
    }
}

/// Command that caused an append. Its receipt is stored in the same transaction as the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandRef {
    /// Identity of the command, equal for repetitions of one request. At most one append succeeds per id.
    pub id: CommandId,
    /// Hash of the request: a repetition of `id` with another hash is refused.
    pub fingerprint: [u8; 32],
}

/// Events for one stream, stored all or none.
#[derive(Clone, Debug)]
pub struct Append {
    /// Stream to append to.
    pub stream: StreamName,
    /// Condition on the stream.
    pub expected: Expected,
    /// Events in order: at least one, at most [`MAX_APPEND_EVENTS`].
    pub events: Vec<NewEvent>,
    /// Command that caused the append; `None` if it has no id.
    pub command: Option<CommandRef>,
}

impl Append {
    /// Payload size in bytes.
    pub(crate) fn size(&self) -> usize {
        self.events.iter().map(NewEvent::size).sum()
    }

    /// Refuses an append that no adapter could store, before it joins a batch with others.
    pub(crate) fn check(&self) -> Result<(), AppendError> {
        if self.events.is_empty() {
            return Err(AppendError::Empty);
        }
        let largest = self.events.iter().map(NewEvent::size).max().unwrap_or_default();
        at_most("bytes of an event", largest, MAX_EVENT_BYTES)?;
        at_most("events of an append", self.events.len(), MAX_APPEND_EVENTS)?;
        at_most("bytes of an append", self.size(), MAX_APPEND_BYTES)?;
        named("stream", self.stream.as_str(), MAX_STREAM_BYTES)?;
        self.events.iter().try_for_each(|event| named("kind", &event.kind, MAX_KIND_BYTES))
    }
}

fn at_most(what: &'static str, size: usize, limit: usize) -> Result<(), AppendError> {
    if size > limit { Err(AppendError::TooLarge { what, size, limit }) } else { Ok(()) }
}

/// Postgres cannot store NUL in text; an empty name is a bug of the caller.
fn named(what: &'static str, name: &str, limit: usize) -> Result<(), AppendError> {
    if name.is_empty() || name.contains('\0') {
        return Err(AppendError::BadName { what });
    }
    at_most(what, name.len(), limit)
}

/// Location of stored events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Stream that holds the events.
    pub stream: StreamName,
    /// Revision of the first event.
    pub first_revision: Revision,
    /// Revision of the last event.
    pub last_revision: Revision,
    /// Position of the first event.
    pub first_position: Position,
    /// Position of the last event.
    pub position: Position,
    /// `true` if the events were found in the log, `false` if this call wrote them. At most one caller per set of
    /// event ids gets `false`; none does if the connection was lost during the write.
    pub repeated: bool,
}

/// Reasons why an append failed or has an unknown outcome.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream is not in the expected state. Load it and decide again.
    #[error("stream {stream}: expected {expected}, its last revision is {actual:?}")]
    Conflict {
        /// Stream that was appended to.
        stream: StreamName,
        /// Condition that the append stated.
        expected: Expected,
        /// Revision of the stream's last event, `None` if the stream has no events.
        actual: Option<Revision>,
    },
    /// The command id is known with another fingerprint or another stream. Use a new id.
    #[error("the command's id was used for another request")]
    CommandReused,
    /// The append has no events.
    #[error("an append needs at least one event")]
    Empty,
    /// The append exceeds a limit of the log. Split it or make it smaller.
    #[error("{what}: {size} is above the limit of {limit}")]
    TooLarge {
        /// Measured quantity with its unit.
        what: &'static str,
        /// Measured value.
        size: usize,
        /// Maximum value.
        limit: usize,
    },
    /// A name is empty or contains NUL.
    #[error("the name of a {what} must be neither empty nor contain NUL")]
    BadName {
        /// Kind of the name: `stream` or `kind`.
        what: &'static str,
    },
    /// The queue of appends is full. Nothing was written; retry later.
    #[error("too many appends are waiting")]
    Overloaded,
    /// The log is unreachable or closed. Nothing was written.
    #[error("the log is not available: {0}")]
    Unavailable(#[source] Cause),
    /// The outcome is unknown. Repeat the append with the same ids to learn it.
    #[error("the outcome of the append is unknown: {0}")]
    Unknown(#[source] Cause),
}
