//! Facts about a team itself.

use crate::{
    ContactId, Personal, ReceiptId, TeamId,
    value::{ErasureAsker, ErasureReason},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A team came to be. Its first contacts follow in the same append.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The team.
    pub team: TeamId,
    /// Its title.
    pub name: Personal<String>,
    /// The founder's contact in it.
    pub owner: ContactId,
    /// Its settings.
    pub settings: Settings,
}

/// The title or the settings changed; the result is given whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Title after the change.
    pub name: Personal<String>,
    /// Settings after the change.
    pub settings: Settings,
}

/// The team was deleted, which in this API means archived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archived {}

/// What can be set on a team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `HH:MM:SS`, the time of day a task is due by default.
    pub default_task_deadline: String,
    /// How long an author may edit or delete a message, seconds.
    pub max_message_update_age: u32,
    /// Quota of stored files, bytes.
    pub uploads_size_limit: u64,
}

/// The team is to be forgotten with all that was said and kept in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// The receipt that is given for it.
    pub receipt: ReceiptId,
    /// Who wanted it.
    pub asked_by: ErasureAsker,
    /// Why.
    pub reason: ErasureReason,
}

/// It is done: the key is destroyed, and rows and files that held something of it are gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Purged {
    /// The receipt that is given for it.
    pub receipt: ReceiptId,
    /// People who were in it.
    pub contacts: u64,
    /// Messages that say nothing any more.
    pub messages: u64,
    /// Files that were removed.
    pub files: u64,
}
