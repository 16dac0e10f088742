//! Facts about a reminder, which belongs to one contact alone.

use crate::{ContactId, Personal, RemindId, TeamId, chat::ChatRef};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A reminder shall fire at a time; given whole, also when it was set before or has fired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The reminder.
    pub remind: RemindId,
    /// Where.
    pub team: TeamId,
    /// Who is to be reminded.
    pub contact: ContactId,
    /// Of which conversation.
    pub chat: ChatRef,
    /// When.
    pub fire_at: DateTime<Utc>,
    /// Of what, may be empty.
    pub comment: Personal<String>,
}

/// Its time had come. Appended at the revision that set it, by whichever process is first, and so once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fired {
    /// The time it was set to.
    pub fire_at: DateTime<Utc>,
}

/// It shall fire no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {}
