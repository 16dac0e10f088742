//! `/api/v3/devices`: devices and their address books.

use events::value::DeviceKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A device: exactly these seven keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Whether pushes are on.
    pub allowed_notifications: bool,
    /// Whether pushes are silent, data only.
    pub data_pushes: bool,
    /// Chosen by the client; free text.
    pub device_id: String,
    /// A title for people.
    pub name: String,
    /// Token for APNs or Firebase, or empty.
    pub notification_token: String,
    /// `android`, `ios`, `web` or `safari`.
    #[serde(rename = "type")]
    #[schema(value_type = String, pattern = "^(android|ios|web|safari)$")]
    pub kind: DeviceKind,
    /// Token for APNs VoIP, or empty.
    pub voip_notification_token: String,
}

/// `POST /api/v3/devices`: a full replace; what is not sent falls back to its default.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = PutDevice)]
pub struct PutDevice {
    /// Chosen by the client.
    pub device_id: String,
    /// `android`, `ios`, `web` or `safari`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A title for people.
    #[serde(default)]
    pub name: String,
    /// Token for APNs or Firebase.
    #[serde(default)]
    pub notification_token: String,
    /// Token for APNs VoIP.
    #[serde(default)]
    pub voip_notification_token: String,
    /// Whether pushes are on.
    #[serde(default = "yes")]
    pub allowed_notifications: bool,
    /// Whether pushes are silent.
    #[serde(default)]
    pub data_pushes: bool,
}

fn yes() -> bool {
    true
}

/// `PUT /api/v3/devices/{device_id}`: only what is sent changes.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct ChangeDevice {
    /// `android`, `ios`, `web` or `safari`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// A title for people.
    #[serde(default)]
    pub name: Option<String>,
    /// Token for APNs or Firebase.
    #[serde(default)]
    pub notification_token: Option<String>,
    /// Token for APNs VoIP.
    #[serde(default)]
    pub voip_notification_token: Option<String>,
    /// Whether pushes are on.
    #[serde(default)]
    pub allowed_notifications: Option<bool>,
    /// Whether pushes are silent.
    #[serde(default)]
    pub data_pushes: Option<bool>,
}

/// An entry of an address book: any keys; `phones` is read, and `account` added when one of them belongs to a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct BookContact(pub Map<String, Value>);

/// `PUT /api/v3/devices/{device_id}/address-book`, request and answer alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AddressBook {
    /// The entries.
    pub contacts: Vec<BookContact>,
}

/// Whom a number belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BookAccount {
    /// Last name.
    pub family_name: String,
    /// First name.
    pub given_name: String,
    /// `+` and digits.
    pub phone: String,
}
