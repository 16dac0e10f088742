//! Events of the address books of devices.

use crate::Personal;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A device's address book was replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replaced {
    /// Device id, chosen by the client.
    pub device_id: Personal<String>,
    /// JSON array of contacts exactly as sent.
    pub contacts: Personal<String>,
    /// Count of phone numbers in it that are new for this account; counts against the daily budget.
    pub new_numbers: u32,
    /// Day (UTC) of that budget.
    pub day: NaiveDate,
}
