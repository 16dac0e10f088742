//! Login, logout and sessions (`seed`: sms-login, sms-auth, sms-cookieauth, qr-login.png, qr-auth,
//! cookieauth-logout).

use crate::{Timestamp, account::Me};
use events::value::SessionKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Request to send a login code.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SmsLogin {
    /// Phone number, in any notation.
    pub phone: String,
}

/// Confirmation that a login code was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeSent {
    /// Number of digits of the code.
    pub code_length: u8,
    /// Time until which the code is valid.
    pub code_valid_until: Timestamp,
    /// Phone number, `+` and digits.
    pub phone: String,
}

/// Confirmation that a login code was sent, with the earliest time of the next one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeSentV4 {
    /// Number of digits of the code.
    pub code_length: u8,
    /// Time until which the code is valid.
    pub code_valid_until: Timestamp,
    /// Time from which another code can be requested.
    pub next_code_at: Timestamp,
    /// Phone number, `+` and digits.
    pub phone: String,
}

/// Request to log in with a code and register a device.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SmsAuth {
    /// Phone number, in any notation.
    pub phone: String,
    /// Code from the SMS.
    pub code: String,
    /// Platform of the device: `android`, `ios`, `web` or `safari`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Id of the device, chosen by the client.
    pub device_id: String,
    /// Title of the device, for people.
    #[serde(default)]
    pub name: String,
}

/// Request to log in with a code, without a device.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SmsCookieAuth {
    /// Phone number, in any notation.
    pub phone: String,
    /// Code from the SMS.
    pub code: String,
}

/// A new session opened with a token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoggedIn {
    /// The account.
    pub me: Me,
    /// Session token for the header `Token`: 32 URL-safe characters, shown only here.
    pub token: String,
}

/// A new session whose token is in the cookie of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CookieLoggedIn {
    /// The account.
    pub me: Me,
}

/// A login offer for another device; requested with `?debug=True`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QrOffer {
    /// Seconds until the code expires.
    pub lifetime_sec: u32,
    /// Address that the QR picture encodes: `otv://qr-login/{host}/{temp_token}`.
    pub url: String,
}

/// Request to log in with a scanned QR code.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct QrAuth {
    /// Token from the QR code.
    pub temp_token: String,
    /// Platform of the device: `android`, `ios`, `web` or `safari`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Id of the device, chosen by the client.
    pub device_id: String,
    /// Title of the device, for people.
    #[serde(default)]
    pub name: String,
}

/// Confirmation of a logout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoggedOut {
    /// Path where a browser should go: `/`.
    pub location: String,
}

/// A session of the caller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Id of the session.
    pub uid: Uuid,
    /// Call that opened the session: `token` for `sms-auth`, `cookie` for `sms-cookieauth`, `qr` for `qr-auth`,
    /// `get-token` for `get-token`.
    #[schema(value_type = String, pattern = "^(token|cookie|qr|get-token)$")]
    pub kind: SessionKind,
    /// Time when the session was opened.
    pub created: Timestamp,
    /// Time of the last use; to the hour on all sessions but the current one.
    pub last_access: Timestamp,
    /// Time when the session ends at the latest.
    pub expires: Timestamp,
    /// IP address from which the session was opened.
    pub addr: Option<String>,
    /// `User-Agent` of the program that opened the session.
    pub user_agent: Option<String>,
    /// Id of the session's device, if it has one.
    pub device_id: Option<String>,
    /// Title of the session's device, if it has one.
    pub device: Option<String>,
    /// The session is the one that sent this request.
    pub current: bool,
}
