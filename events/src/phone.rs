//! Facts about a phone number: which account owns it, and login codes as facts and counters, never the code.

use crate::{AccountId, Personal, SessionId, codes::Barrier, value::AskerProof};
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
    /// The code's identity; a request while an earlier code is good keeps that one.
    pub nonce: Uuid,
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// Digits.
    pub code_length: u8,
    /// Until when it opens the door.
    pub valid_until: DateTime<Utc>,
    /// Whether a message goes out for this request (false within the pause between messages, and when it is withheld).
    pub send: bool,
    /// Where it goes; sealed under the account that owns the number, absent in requests that send nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Personal<String>>,
    /// Language of the message: `ru` or `en`.
    pub lang: String,
    /// Keyed hash of the id that the answer named, hex. Its bearer has tries of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_hash: Option<String>,
    /// Keyed hash of the id of an earlier request, which this one takes the place of, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The subscriber's address it was asked from: of IPv6 the /64. Sealed under the account that owns the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Personal<String>>,
    /// The reason why the message was withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Barrier>,
}

impl CodeRequested {
    /// Whether a message was due: it was sent or withheld, which look alike from outside.
    pub const fn message_was_due(&self) -> bool {
        self.send || self.withheld.is_some()
    }
}

/// A wrong code was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRejected {
    /// Which code was asked for.
    pub nonce: Uuid,
    /// When; absent in histories of earlier programs, where a try counted against everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// The proof that the asker tried it; absent where `at` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<AskerProof>,
    /// The request whose tries it counts against, by the keyed hash of its id; absent for a stranger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_hash: Option<String>,
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
