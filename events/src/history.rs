//! Facts about the log itself: from where on each event proves its origin, and what operators have accepted of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Programs that put no code on events have written what stands before this; behind it every event carries one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guarded {
    /// How far the auditor's chain had come: the history up to there is bound by its hash.
    pub number: u64,
    /// That hash, 64 hexadecimal digits.
    pub hash: String,
    /// Why, in an operator's words; nothing: the program began it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An operator has accepted that this history is not the one that was signed last, e.g. after a backup was restored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineageAccepted {
    /// The number that was signed last of the other history.
    pub number: u64,
    /// The hash that was signed there, 64 hexadecimal digits.
    pub hash: String,
    /// Why, in the operator's words.
    pub reason: String,
}
