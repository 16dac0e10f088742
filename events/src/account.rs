//! Events of an account: registration, profile, settings, erasure.

use crate::{
    Personal, TeamId,
    id::{AccountId, ReceiptId},
    value::{ErasureAsker, ErasureReason},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An account was registered, by its first login or because a team added its phone number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// The account.
    pub account: AccountId,
    /// Phone number in E.164, `+` and digits.
    pub phone: Personal<String>,
    /// Keyed hash of the phone number, hex: the id of its stream.
    pub phone_hash: String,
    /// First name; empty at a login. Events of earlier versions with `added_by` hold the name that the team gave to
    /// the person: there both names count as empty.
    pub given_name: Personal<String>,
    /// Last name; see `given_name`.
    pub family_name: Personal<String>,
    /// Team that added the phone number, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_by: Option<TeamId>,
}

/// The person set their own name, which teams that they join later and address books of others show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// First name, may be empty.
    pub given_name: Personal<String>,
    /// Last name, may be empty.
    pub family_name: Personal<String>,
}

/// The client settings were replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UiSettingsReplaced {
    /// JSON object exactly as sent.
    pub settings: Personal<String>,
}

/// Erasure of the person was ordered: nothing is written about them any more, and their stored values become
/// unreadable.
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

/// Erasure of the person is complete: the key is destroyed, and rows and files with personal values are gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Purged {
    /// Receipt of the erasure.
    pub receipt: ReceiptId,
    /// Number of teams that the person belonged to.
    pub teams: u64,
    /// Number of the person's messages that became unreadable.
    pub messages: u64,
    /// Number of the person's files that were removed.
    pub files: u64,
}
