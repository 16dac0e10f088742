//! Events that record reading of history: auditors are audited too.

use crate::{AccountId, Personal, TeamId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Kind of call to the audit API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// A page of events that match a filter.
    Events,
    /// A live stream of events that match a filter.
    Stream,
    /// One event with its causes and effects.
    Event,
    /// State of the chain and its last signed checkpoint.
    Proof,
}

/// Somebody read history. Recorded before anything is shown to them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Account of the reader.
    pub account: AccountId,
    /// Team whose history was read; absent: all teams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// Call that was made.
    pub call: Call,
    /// Parameters of the call as JSON; they may name people and addresses.
    pub asked: Personal<String>,
}
