//! `GET /api/v3/me`, `/api/v3/ui-settings`.

use crate::{device::Device, icon::IconData, team::Team};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// The caller: exactly these seven keys in v3. Preferences are those of the team where the account was last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// Ctrl+Enter sends.
    pub alt_send: bool,
    /// Interface language, `null` until chosen.
    pub default_lang: Option<String>,
    /// Devices, oldest first.
    pub devices: Vec<Device>,
    /// `null` until given.
    pub email: Option<String>,
    /// `+` and digits.
    pub phone: String,
    /// Teams, as `GET /api/v3/teams` lists them.
    pub teams: Vec<Team>,
    /// Unread chats first.
    pub unread_first: bool,
    /// What later versions of the API tell.
    #[serde(flatten)]
    #[schema(value_type = LaterMe)]
    pub later: Option<LaterMe>,
}

/// What later versions of the API tell of the caller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LaterMe {
    /// Push also while a client is open.
    #[schema(required = false)]
    pub always_send_pushes: bool,
    /// `*` mentions as `@` does.
    #[schema(required = false)]
    pub asterisk_mention: bool,
    /// Last name.
    #[schema(required = false)]
    pub family_name: String,
    /// First name.
    #[schema(required = false)]
    pub given_name: String,
    /// Pushes do not show the text.
    #[schema(required = false)]
    pub hide_pushes_content: bool,
    /// Picture.
    #[schema(required = false)]
    pub icons: IconData,
    /// Unread chats first, mobile.
    #[schema(required = false)]
    pub munread_first: bool,
    /// Name after the father.
    #[schema(required = false)]
    pub patronymic: String,
    /// No pushes until this time of day, `HH:MM`; `null` for none.
    #[schema(required = false)]
    pub quiet_time_finish: Option<String>,
    /// No pushes from this time of day on, `HH:MM`; `null` for none.
    #[schema(required = false)]
    pub quiet_time_start: Option<String>,
    /// Name of a time zone, empty until chosen.
    #[schema(required = false)]
    pub timezone: String,
}

/// Free-form settings: any JSON object of at most 16000 bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct UiSettings(pub Map<String, Value>);

/// The wish to be forgotten, which cannot be sent by mistake.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseMe {
    /// The caller's own number, in any form.
    pub phone: String,
}

/// The wish is written down, and nothing takes it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// By this number the operator finds the signed receipt.
    pub receipt: Uuid,
}
