//! Logging in and out (`seed`: sms-login, sms-auth, sms-cookieauth, qr-login.png, qr-auth, cookieauth-logout).

use crate::{Timestamp, account::Me};
use events::value::SessionKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// `POST /api/v3/sms-login`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SmsLogin {
    /// In any spelling.
    pub phone: String,
}

/// What `sms-login` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeSent {
    /// Digits of the code.
    pub code_length: u8,
    /// Until when it works.
    pub code_valid_until: Timestamp,
    /// `+` and digits.
    pub phone: String,
}

/// What `POST /api/v4/auth/sms/send-code` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeSentV4 {
    /// Digits of the code.
    pub code_length: u8,
    /// Until when it works.
    pub code_valid_until: Timestamp,
    /// From when on asking again sends another one.
    pub next_code_at: Timestamp,
    /// `+` and digits.
    pub phone: String,
}

/// `POST /api/v3/sms-auth`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SmsAuth {
    /// In any spelling.
    pub phone: String,
    /// The code from the SMS.
    pub code: String,
    /// `android`, `ios`, `web` or `safari`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Chosen by the client.
    pub device_id: String,
    /// A title for people.
    #[serde(default)]
    pub name: String,
}

/// `POST /api/v3/sms-cookieauth`, `POST /api/v4/auth/sms/get-token`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SmsCookieAuth {
    /// In any spelling.
    pub phone: String,
    /// The code from the SMS.
    pub code: String,
}

/// What `sms-auth` and `qr-auth` answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoggedIn {
    /// The account.
    pub me: Me,
    /// For the header `Token`: 32 URL-safe characters, shown only here.
    pub token: String,
}

/// What `sms-cookieauth` answers, beside the cookie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CookieLoggedIn {
    /// The account.
    pub me: Me,
}

/// What `qr-login.png?debug=True` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QrOffer {
    /// Seconds until the code expires.
    pub lifetime_sec: u32,
    /// What the picture says: `otv://qr-login/{host}/{temp_token}`.
    pub url: String,
}

/// `POST /api/v3/qr-auth`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct QrAuth {
    /// From the QR code.
    pub temp_token: String,
    /// `android`, `ios`, `web` or `safari`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Chosen by the client.
    pub device_id: String,
    /// A title for people.
    #[serde(default)]
    pub name: String,
}

/// What `cookieauth-logout` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoggedOut {
    /// Where a browser may go now: `/`.
    pub location: String,
}

/// One of the caller's sessions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Its id.
    pub uid: Uuid,
    /// How it was opened: `token` by `sms-auth`, `cookie` by `sms-cookieauth`, `qr` by `qr-auth`, `get-token` by that call.
    #[schema(value_type = String, pattern = "^(token|cookie|qr|get-token)$")]
    pub kind: SessionKind,
    /// Since when.
    pub created: Timestamp,
    /// When it was used last; of all but the current one, to the hour.
    pub last_access: Timestamp,
    /// When it ends at the latest.
    pub expires: Timestamp,
    /// The address it was opened from.
    pub addr: Option<String>,
    /// The program that opened it.
    pub user_agent: Option<String>,
    /// The device it belongs to, if any.
    pub device_id: Option<String>,
    /// That device's title.
    pub device: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}
