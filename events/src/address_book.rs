//! Facts about the address books of devices.

use crate::Personal;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A device's address book was replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replaced {
    /// Which device.
    pub device_id: Personal<String>,
    /// The contacts as sent: the text of a JSON array of objects.
    pub contacts: Personal<String>,
    /// How many of its numbers this account had not named before, for the daily budget.
    pub new_numbers: u32,
    /// The day (UTC) whose budget they count into.
    pub day: NaiveDate,
}
