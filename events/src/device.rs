//! Facts about an account's devices.

use crate::{Personal, value::DeviceKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A device was registered, or all its settings were replaced: a repeated `device_id` is the same device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// Chosen by the client; unique within the account.
    pub device_id: Personal<String>,
    /// Its settings, whole.
    pub settings: Settings,
}

/// Some settings of a device were changed; the result is given whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Which device.
    pub device_id: Personal<String>,
    /// Its settings, whole, after the change.
    pub settings: Settings,
}

/// A device was removed; its push tokens are gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// Which device.
    pub device_id: Personal<String>,
}

/// What can be set on a device (`seed`, devices).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Its kind.
    pub kind: DeviceKind,
    /// A title for people.
    pub name: Personal<String>,
    /// Token for APNs or Firebase, or empty.
    pub notification_token: Personal<String>,
    /// Token for APNs VoIP, or empty.
    pub voip_notification_token: Personal<String>,
    /// Whether pushes are on.
    pub allowed_notifications: bool,
    /// Whether pushes are silent, data only.
    pub data_pushes: bool,
}
