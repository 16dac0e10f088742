//! Facts about the projection itself: what operators ruled about events that it could not read or apply.

use crate::EventId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The projection shall try a parked stream again: the program can read it by now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retried {
    /// The stream.
    pub stream: String,
}

/// The projection shall never apply an event, and go on with those behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// Its stream.
    pub stream: String,
    /// The event: its id stays when the history moves to another log, its position does not.
    pub event: EventId,
    /// Why, in an operator's words.
    pub reason: String,
}
