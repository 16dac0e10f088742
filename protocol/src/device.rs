//! `/api/v3/devices`: devices and their address books.

use events::value::DeviceKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A device of an account: exactly these seven keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Pushes are sent to the device.
    pub allowed_notifications: bool,
    /// Pushes are silent: data without an alert.
    pub data_pushes: bool,
    /// Id chosen by the client, free text.
    pub device_id: String,
    /// Title of the device, for people.
    pub name: String,
    /// APNs or Firebase token; empty when there is none.
    pub notification_token: String,
    /// Platform: `android`, `ios`, `web` or `safari`.
    #[serde(rename = "type")]
    #[schema(value_type = String, pattern = "^(android|ios|web|safari)$")]
    pub kind: DeviceKind,
    /// APNs VoIP token; empty when there is none.
    pub voip_notification_token: String,
}

/// Request to create a device or replace all its settings; absent fields fall back to their defaults.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = PutDevice)]
pub struct PutDevice {
    /// Id chosen by the client, free text.
    pub device_id: String,
    /// Platform: `android`, `ios`, `web` or `safari`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Title of the device, for people; empty by default.
    #[serde(default)]
    pub name: String,
    /// APNs or Firebase token; empty by default.
    #[serde(default)]
    pub notification_token: String,
    /// APNs VoIP token; empty by default.
    #[serde(default)]
    pub voip_notification_token: String,
    /// Pushes are sent to the device; `true` by default.
    #[serde(default = "yes")]
    pub allowed_notifications: bool,
    /// Pushes are silent: data without an alert; `false` by default.
    #[serde(default)]
    pub data_pushes: bool,
}

fn yes() -> bool {
    true
}

/// Request to change a device; absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct ChangeDevice {
    /// Platform: `android`, `ios`, `web` or `safari`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Title of the device, for people.
    pub name: Option<String>,
    /// APNs or Firebase token; empty for none.
    pub notification_token: Option<String>,
    /// APNs VoIP token; empty for none.
    pub voip_notification_token: Option<String>,
    /// Pushes are sent to the device.
    pub allowed_notifications: Option<bool>,
    /// Pushes are silent: data without an alert.
    pub data_pushes: Option<bool>,
}

/// An entry of an address book: any keys. The server reads `phones` and adds `account` when one of them belongs to
/// a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct BookContact(pub Map<String, Value>);

/// The address book of a device, as request and as answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AddressBook {
    /// Entries of the address book.
    pub contacts: Vec<BookContact>,
}

/// The user to whom a phone number of an address book belongs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BookAccount {
    /// Last name; empty when unknown.
    pub family_name: String,
    /// First name; empty when unknown.
    pub given_name: String,
    /// Phone number, `+` and digits.
    pub phone: String,
}
