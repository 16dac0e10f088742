//! Facts about sessions and QR logins of an account. Tokens are kept as keyed hashes only.

use crate::{
    Personal, SessionId,
    value::{SessionEnd, SessionKind},
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The account logged in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// The session.
    pub session: SessionId,
    /// How.
    pub kind: SessionKind,
    /// Keyed hash of its token, hex.
    pub token_hash: String,
    /// Which device it belongs to; a cookie belongs to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<Personal<String>>,
    /// When it ends by itself at the latest.
    pub expires: DateTime<Utc>,
}

/// A session ended before its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    /// Which one.
    pub session: SessionId,
    /// Why.
    pub reason: SessionEnd,
}

/// A logged-in client showed a QR code with which another device may log in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QrOffered {
    /// The offer.
    pub offer: Uuid,
    /// The session that made it: the offer ends with it.
    pub session: SessionId,
    /// Keyed hash of the temporary token, hex.
    pub token_hash: String,
    /// Until when it may be used.
    pub valid_until: DateTime<Utc>,
}

/// A QR code was used; it works no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QrUsed {
    /// Which offer.
    pub offer: Uuid,
    /// The session that it opens.
    pub session: SessionId,
}
