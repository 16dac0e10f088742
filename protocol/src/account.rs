//! `GET /api/v3/me` (`protocol.md` 4.3, 4.4), `/api/v3/ui-settings`.

use crate::{device::Device, team::Team};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// The caller: exactly these seven keys in v3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
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
