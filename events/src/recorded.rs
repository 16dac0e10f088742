//! An event as it is read back from the log.

use crate::{EventId, Meta, StreamName};
use serde::{Deserialize, Serialize};

/// A coordinate in the log: grows in commit order. Comparable within one log; not dense in the contract.
pub type Position = u64;

/// The number of an event within its stream, from 0, without holes.
pub type Revision = u64;

/// An event with its place in the log; `E` is what the reader decoded it to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recorded<E> {
    /// Place in the whole log.
    pub position: Position,
    /// The stream it belongs to.
    pub stream: StreamName,
    /// Place in the stream.
    pub revision: Revision,
    /// Identity, stable over retries.
    pub id: EventId,
    /// Who, when, why.
    pub meta: Meta,
    /// The fact.
    pub event: E,
}
