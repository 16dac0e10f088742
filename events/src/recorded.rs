//! Events as they are read back from the log.

use crate::{EventId, Meta, StreamName};
use serde::{Deserialize, Serialize};

/// Coordinate of an event in the log, growing in commit order. Comparable within one log; may have gaps.
pub type Position = u64;

/// Number of an event within its stream, from 0, without gaps.
pub type Revision = u64;

/// A stored event with its coordinates; `E` is the type it was decoded to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recorded<E> {
    /// Position in the log.
    pub position: Position,
    /// Stream that it belongs to.
    pub stream: StreamName,
    /// Revision in the stream.
    pub revision: Revision,
    /// Identity of the event.
    pub id: EventId,
    /// Metadata.
    pub meta: Meta,
    /// Payload.
    pub event: E,
}
