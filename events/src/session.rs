//! Events of sessions and QR logins of an account. Tokens are stored as keyed hashes only.

use crate::{
    Personal, SessionId,
    value::{SessionEnd, SessionKind},
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A session was opened by a login.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// The session.
    pub session: SessionId,
    /// How it was opened.
    pub kind: SessionKind,
    /// Keyed hash of its token, hex.
    pub token_hash: String,
    /// Device that it belongs to; absent for a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<Personal<String>>,
    /// Expiry, regardless of use.
    pub expires: DateTime<Utc>,
}

/// A session ended before its expiry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    /// Session.
    pub session: SessionId,
    /// Reason.
    pub reason: SessionEnd,
}

/// A client showed a QR code with which another device may log in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QrOffered {
    /// Id of the offer.
    pub offer: Uuid,
    /// Session that made the offer, which ends with it.
    pub session: SessionId,
    /// Keyed hash of the temporary token, hex.
    pub token_hash: String,
    /// Expiry of the offer.
    pub valid_until: DateTime<Utc>,
}

/// A QR code was used; it is invalid from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QrUsed {
    /// Id of the offer.
    pub offer: Uuid,
    /// Session that was opened.
    pub session: SessionId,
}
