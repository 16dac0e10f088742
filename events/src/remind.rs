//! Events of a reminder, which one contact has for itself.

use crate::{ContactId, Personal, RemindId, TeamId, chat::ChatRef};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A reminder was set, or set again after a change or after it fired; holds all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The reminder.
    pub remind: RemindId,
    /// Team of the chat.
    pub team: TeamId,
    /// Contact to remind.
    pub contact: ContactId,
    /// Chat to be reminded of.
    pub chat: ChatRef,
    /// Time at which it fires.
    pub fire_at: DateTime<Utc>,
    /// Comment; may be empty.
    pub comment: Personal<String>,
}

/// The reminder fired. Appended at the revision that set it, by the first process to do so, and therefore once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fired {
    /// Time that it was set to.
    pub fire_at: DateTime<Utc>,
}

/// The reminder was removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {}
