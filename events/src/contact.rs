//! Facts about the people of a team.

use crate::{
    AccountId, ContactId, Personal,
    value::{ContactOrigin, ContactStatus},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody became a contact of the team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// Address within the team.
    pub contact: ContactId,
    /// Whose it is.
    pub account: AccountId,
    /// How they came.
    pub origin: ContactOrigin,
    /// Phone that the team sees, `+` and digits.
    pub phone: Personal<String>,
    /// First name, may be empty.
    pub given_name: Personal<String>,
    /// Last name, may be empty.
    pub family_name: Personal<String>,
    /// Job title, may be empty.
    pub role: Personal<String>,
    /// Rights.
    pub status: ContactStatus,
    /// Whether they have yet to say that they want to be here.
    pub need_confirmation: bool,
}

/// A contact's rights changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusChanged {
    /// Whose.
    pub contact: ContactId,
    /// Rights from now on.
    pub status: ContactStatus,
}

/// A contact left or was removed; its history stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archived {
    /// Who.
    pub contact: ContactId,
}

/// A former contact came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restored {
    /// Who.
    pub contact: ContactId,
    /// Rights from now on.
    pub status: ContactStatus,
    /// Whether they have yet to say that they want to be here.
    pub need_confirmation: bool,
}
