//! Events of an account's devices.

use crate::{Personal, value::DeviceKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A device was registered, or all its settings were replaced: an equal `device_id` is the same device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// Device id, chosen by the client, unique within the account.
    pub device_id: Personal<String>,
    /// All settings.
    pub settings: Settings,
}

/// Settings of a device changed; holds all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Device id.
    pub device_id: Personal<String>,
    /// All settings after the change.
    pub settings: Settings,
}

/// A device was removed together with its push tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// Device id.
    pub device_id: Personal<String>,
}

/// Settings of a device (`seed`, devices).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Kind of client.
    pub kind: DeviceKind,
    /// Title that the user sees.
    pub name: Personal<String>,
    /// Push token of APNs or Firebase; may be empty.
    pub notification_token: Personal<String>,
    /// Push token of APNs VoIP; may be empty.
    pub voip_notification_token: Personal<String>,
    /// Whether pushes are on.
    pub allowed_notifications: bool,
    /// Whether pushes are silent and carry data only.
    pub data_pushes: bool,
}
