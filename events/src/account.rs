//! Facts about an account: its registration, profile and settings.

use crate::{
    Personal, TeamId,
    id::{AccountId, ReceiptId},
    value::{ErasureAsker, ErasureReason},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An account came to be, by a login or because somebody added its phone to a team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// The account.
    pub account: AccountId,
    /// `+` and digits.
    pub phone: Personal<String>,
    /// Keyed hash of the phone, hex: the name of its stream.
    pub phone_hash: String,
    /// First name; empty at a login. In earlier versions what the team called them that added their phone, which is no name
    /// of theirs: wherever `added_by` is present, both names count as empty.
    pub given_name: Personal<String>,
    /// Last name.
    pub family_name: Personal<String>,
    /// The team that it was registered for, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_by: Option<TeamId>,
}

/// The person took a name: one that they gave to themselves, which their later teams and others' address books show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// First name, may be empty.
    pub given_name: Personal<String>,
    /// Last name, may be empty.
    pub family_name: Personal<String>,
}

/// The free-form client settings were replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UiSettingsReplaced {
    /// The settings exactly as sent: the text of a JSON object.
    pub settings: Personal<String>,
}

/// The person is to be forgotten: from here on nothing is written about them, and what was is made unreadable.
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

/// It is done: the key is destroyed, and rows and files that held something personal are gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Purged {
    /// The receipt that is given for it.
    pub receipt: ReceiptId,
    /// Teams in which they were somebody.
    pub teams: u64,
    /// Messages of theirs that say nothing any more.
    pub messages: u64,
    /// Files of theirs that were removed.
    pub files: u64,
}
