//! Events of a phone number: its owner, and login codes as counters, never the codes themselves.

use crate::{AccountId, Personal, SessionId, codes::Barrier, value::AskerProof};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An account took the number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claimed {
    /// The owner.
    pub account: AccountId,
}

/// The number has no owner any more, because its account was erased.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Released {
    /// Former owner.
    pub account: AccountId,
}

/// A login code was requested. The code is derived from `nonce` under a key outside the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequested {
    /// Identity of the code; a request during the validity of an earlier code reuses it.
    pub nonce: Uuid,
    /// Time of the request.
    pub at: DateTime<Utc>,
    /// Number of digits of the code.
    pub code_length: u8,
    /// Expiry of the code.
    pub valid_until: DateTime<Utc>,
    /// Whether this request sends a message: `false` within the pause between messages and when it is withheld.
    pub send: bool,
    /// Phone number that the message goes to; sealed under the account that owns the number, absent if nothing is
    /// sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Personal<String>>,
    /// Language of the message: `ru` or `en`.
    pub lang: String,
    /// Keyed hash of the request id that the client got, hex. The request has its own number of attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_hash: Option<String>,
    /// Keyed hash of the request id that this request replaces, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// IP address of the client, of IPv6 the /64; sealed under the account that owns the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Personal<String>>,
    /// Reason why the message was withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Barrier>,
}

impl CodeRequested {
    /// Whether a message was due: sent or withheld, which clients cannot tell apart.
    pub const fn message_was_due(&self) -> bool {
        self.send || self.withheld.is_some()
    }
}

/// A wrong code was entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRejected {
    /// Identity of the code that was expected.
    pub nonce: Uuid,
    /// Time; absent in events of earlier versions, where an attempt counted against every request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// Evidence that the requester entered it; absent if `at` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<AskerProof>,
    /// Keyed hash of the request whose attempts it counts against, hex; absent for an unknown client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_hash: Option<String>,
}

/// The right code was entered; it is invalid from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeUsed {
    /// Identity of the code.
    pub nonce: Uuid,
    /// Session that was opened.
    pub session: SessionId,
}
