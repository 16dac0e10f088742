//! The caller's own account: `/api/v3/me` and `/api/v3/ui-settings`.

use crate::{device::Device, icon::IconData, team::Team};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// The caller's account: exactly the first seven keys in v3. Preferences are read from the team where the account
/// was last active.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// Ctrl+Enter sends a message; Enter breaks the line.
    pub alt_send: bool,
    /// Interface language, `ru` or `en`; `null` until chosen.
    pub default_lang: Option<String>,
    /// The account's devices, oldest first.
    pub devices: Vec<Device>,
    /// E-mail address; `null` until given.
    pub email: Option<String>,
    /// Phone number of the account, `+` and digits.
    pub phone: String,
    /// The account's teams, as `GET /api/v3/teams` lists them.
    pub teams: Vec<Team>,
    /// Lists show unread chats first.
    pub unread_first: bool,
    /// Keys added in v4.
    #[serde(flatten)]
    #[schema(value_type = LaterMe)]
    pub later: Option<LaterMe>,
}

/// Keys of the account that v4 adds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LaterMe {
    /// Pushes are sent even while a client is open.
    #[schema(required = false)]
    pub always_send_pushes: bool,
    /// `*` starts a mention as `@` does.
    #[schema(required = false)]
    pub asterisk_mention: bool,
    /// Last name; empty when unknown.
    #[schema(required = false)]
    pub family_name: String,
    /// First name; empty when unknown.
    #[schema(required = false)]
    pub given_name: String,
    /// Pushes do not show the text of messages.
    #[schema(required = false)]
    pub hide_pushes_content: bool,
    /// The account's picture.
    #[schema(required = false)]
    pub icons: IconData,
    /// Lists on mobile clients show unread chats first.
    #[schema(required = false)]
    pub munread_first: bool,
    /// Patronymic; empty when unknown.
    #[schema(required = false)]
    pub patronymic: String,
    /// Time of day when the daily silence of pushes ends, `HH:MM`; `null` when there is none.
    #[schema(required = false)]
    pub quiet_time_finish: Option<String>,
    /// Time of day when the daily silence of pushes begins, `HH:MM`; `null` when there is none.
    #[schema(required = false)]
    pub quiet_time_start: Option<String>,
    /// IANA name of a time zone; empty until chosen.
    #[schema(required = false)]
    pub timezone: String,
}

/// Settings that clients keep on the server: any JSON object of at most 16,000 bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct UiSettings(pub Map<String, Value>);

/// Request to erase the caller's account. The phone number confirms it, so that it cannot be sent by mistake.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseMe {
    /// The caller's own phone number, in any notation.
    pub phone: String,
}

/// Confirmation that the account will be erased; it cannot be revoked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// Receipt number under which the operator finds the signed record.
    pub receipt: Uuid,
}
