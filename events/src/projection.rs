//! Events with operators' rulings about events that the projection could not decode or apply.

use crate::EventId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The projection retries a parked stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retried {
    /// Name of the stream.
    pub stream: String,
}

/// The projection skips an event for ever and continues with the next one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// Name of the event's stream.
    pub stream: String,
    /// Id of the event: it survives a copy to another log, unlike the position.
    pub event: EventId,
    /// Reason in an operator's words.
    pub reason: String,
}
