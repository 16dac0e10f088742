//! Events of a team itself.

use crate::{
    ContactId, Personal, ReceiptId, TeamId,
    value::{ErasureAsker, ErasureReason},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A team was created. Its first contacts follow in the same append.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The team.
    pub team: TeamId,
    /// Its title.
    pub name: Personal<String>,
    /// Contact of the founder.
    pub owner: ContactId,
    /// Settings of the team.
    pub settings: Settings,
}

/// The name or the settings of a team changed; holds all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Name after the change.
    pub name: Personal<String>,
    /// All settings after the change.
    pub settings: Settings,
}

/// The team was archived (the API calls it deleted).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archived {}

/// Settings of a team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Default time of day for task deadlines, `HH:MM:SS`.
    pub default_task_deadline: String,
    /// Time in seconds during which an author may edit or delete a message.
    pub max_message_update_age: u32,
    /// Quota for stored files in bytes.
    pub uploads_size_limit: u64,
}

/// Erasure of the team and all its content was ordered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// Receipt of the erasure.
    pub receipt: ReceiptId,
    /// Party that asked for the erasure.
    pub asked_by: ErasureAsker,
    /// Reason of the erasure.
    pub reason: ErasureReason,
}

/// Erasure of the team is complete: the key is destroyed, and rows and files with its values are gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Purged {
    /// Receipt of the erasure.
    pub receipt: ReceiptId,
    /// Number of contacts that the team had.
    pub contacts: u64,
    /// Number of messages that became unreadable.
    pub messages: u64,
    /// Number of files that were removed.
    pub files: u64,
}
