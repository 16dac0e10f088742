//! Facts about a phone number: which account owns it, and login codes as facts and counters, never the code.

use crate::{AccountId, Personal, SessionId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The number belongs to this account from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claimed {
    /// The owner.
    pub account: AccountId,
}

/// The number belongs to nobody again: its owner was erased.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Released {
    /// The owner until then.
    pub account: AccountId,
}

/// Somebody asked for a login code. The code itself is derived from `nonce` under a key outside the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequested {
    /// The code's identity; a request within the resend pause keeps the earlier one.
    pub nonce: Uuid,
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// Digits.
    pub code_length: u8,
    /// Until when it opens the door.
    pub valid_until: DateTime<Utc>,
    /// Whether a message goes out for this request (false within the resend pause).
    pub send: bool,
    /// Where it goes; sealed under the account that owns the number, absent in requests that send nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Personal<String>>,
    /// Language of the message: `ru` or `en`.
    pub lang: String,
}

/// A wrong code was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRejected {
    /// Which code was asked for.
    pub nonce: Uuid,
}

/// The right code was used; it works no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeUsed {
    /// Which code.
    pub nonce: Uuid,
    /// The session that it opens.
    pub session: SessionId,
}
