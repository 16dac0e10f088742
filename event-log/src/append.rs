//! What is asked of the log when it is to store events, and what it answers.

use crate::Cause;
use bytes::Bytes;
use events::{CommandId, EventId, Position, Revision, StreamName};
use std::fmt;

/// The most bytes of one event, data and metadata together.
pub const MAX_EVENT_BYTES: usize = 1 << 20;
/// The most events of one append.
pub const MAX_APPEND_EVENTS: usize = 500;
/// The most bytes of one append; an adapter may take less, see [`crate::Capabilities::largest_append`].
pub const MAX_APPEND_BYTES: usize = 16 << 20;
/// The longest name of a stream, in bytes: an index entry of Postgres must hold it.
pub const MAX_STREAM_BYTES: usize = 512;
/// The longest name of a kind, in bytes.
pub const MAX_KIND_BYTES: usize = 255;

/// An event to be stored. The log never looks into `data` or `meta`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Stable over retries: what makes an append repeatable.
    pub id: EventId,
    /// The stored name, `noun.past_tense.vN`.
    pub kind: String,
    /// The encoded fact.
    pub data: Bytes,
    /// Encoded metadata.
    pub meta: Bytes,
}

impl NewEvent {
    /// Bytes of payload.
    fn size(&self) -> usize {
        self.data.len() + self.meta.len()
    }
}

/// What must be true of the stream for an append to pass.
///
/// A retry is only safe with [`Expected::NoStream`] or [`Expected::Revision`], or with a command: a repeat of the same
/// event ids is then recognised for ever. With [`Expected::Exists`] or [`Expected::Any`] it is recognised only while
/// those very events are the last of the stream; later it is stored once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing was ever stored in it.
    NoStream,
    /// This is the revision of its last event.
    Revision(Revision),
    /// It holds at least one event.
    Exists,
    /// Anything goes.
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

/// The command behind an append. Its receipt is stored in the same transaction as the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandRef {
    /// Equal for repetitions of one request. One command leads to at most one append that names it.
    pub id: CommandId,
    /// A hash of the request: a repeat of `id` with another one is refused.
    pub fingerprint: [u8; 32],
}

/// Events for one stream, stored all or none.
#[derive(Clone, Debug)]
pub struct Append {
    /// Where they belong.
    pub stream: StreamName,
    /// What must be true of the stream.
    pub expected: Expected,
    /// One event at least, [`MAX_APPEND_EVENTS`] at most.
    pub events: Vec<NewEvent>,
    /// The command that asked for it, if it has an id.
    pub command: Option<CommandRef>,
}

impl Append {
    /// Bytes of payload.
    pub(crate) fn size(&self) -> usize {
        self.events.iter().map(NewEvent::size).sum()
    }

    /// Refuses what no adapter could store, before it reaches others' events in a batch.
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

/// Postgres' text holds no NUL, and an empty name is a fault of the caller.
fn named(what: &'static str, name: &str, limit: usize) -> Result<(), AppendError> {
    if name.is_empty() || name.contains('\0') {
        return Err(AppendError::BadName { what });
    }
    at_most(what, name.len(), limit)
}

/// Where the events of an append are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The stream.
    pub stream: StreamName,
    /// Revision of the first event.
    pub first_revision: Revision,
    /// Revision of the last event.
    pub last_revision: Revision,
    /// Position of the first event.
    pub first_position: Position,
    /// Position of the last event.
    pub position: Position,
    /// The events were found in the log instead of being written now. Of all callers with the same ids at most one
    /// sees `false`; none does if the connection was lost while they were written.
    pub repeated: bool,
}

/// Why events were not stored, or perhaps not.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream is not as expected. Load, decide again.
    #[error("stream {stream}: expected {expected}, its last revision is {actual:?}")]
    Conflict {
        /// The stream.
        stream: StreamName,
        /// What was asked for.
        expected: Expected,
        /// Revision of its last event, `None` if there is none.
        actual: Option<Revision>,
    },
    /// The command's id is known, with another fingerprint or from another stream.
    #[error("the command's id was used for another request")]
    CommandReused,
    /// No events.
    #[error("an append needs at least one event")]
    Empty,
    /// Beyond a limit of the log.
    #[error("{what}: {size} is above the limit of {limit}")]
    TooLarge {
        /// What was measured.
        what: &'static str,
        /// How much it is.
        size: usize,
        /// How much it may be.
        limit: usize,
    },
    /// An empty name, or one with a NUL in it.
    #[error("a {what} needs a name without NUL")]
    BadName {
        /// What bears the name.
        what: &'static str,
    },
    /// Too much is waiting: nothing was written, try later.
    #[error("too many appends are waiting")]
    Overloaded,
    /// The log cannot be reached or is closed: nothing was written.
    #[error("the log is not available: {0}")]
    Unavailable(#[source] Cause),
    /// The outcome is unknown: repeat it with the same ids to learn it.
    #[error("the outcome of the append is unknown: {0}")]
    Unknown(#[source] Cause),
}
