//! Events about the log itself: from where on every event carries an authentication code, and which histories
//! operators have accepted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every event after this one carries a code. Earlier events may have been written by programs without codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guarded {
    /// Number in the auditor's chain; the chain's hash covers the history up to it.
    pub number: u64,
    /// Hash of the chain at that number, 64 hexadecimal digits.
    pub hash: String,
    /// Reason in an operator's words; absent if the program began the codes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An operator accepted a history that differs from the signed one, e.g. after restoring a backup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineageAccepted {
    /// Last number that was signed of the other history.
    pub number: u64,
    /// Signed hash at that number, 64 hexadecimal digits.
    pub hash: String,
    /// Reason in the operator's words.
    pub reason: String,
}
