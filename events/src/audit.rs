//! Facts about who looked into history: an auditor is watched too.

use crate::{AccountId, Personal, TeamId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Events that a filter lets through.
    Events,
    /// The same as they happen, until the stream was closed.
    Stream,
    /// One event with what belongs to it.
    Event,
    /// How far history is signed.
    Proof,
}

/// Somebody looked into history; recorded before they are shown anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Who.
    pub account: AccountId,
    /// The team whose history it was; none: everybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// By which call.
    pub call: Call,
    /// What was asked, as JSON; it may name people and addresses.
    pub asked: Personal<String>,
}
