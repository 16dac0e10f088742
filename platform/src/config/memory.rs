//! The section `memory` and its defaults.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Memory per process for requests in flight: bodies and websocket frames while they are read, queued and executed.
/// Above a limit requests get 429, or 503 if all clients together use too much; a socket is not read until memory
/// is free, and closed with 1013 if that takes long. 0 = unlimited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Maximum for all clients together, in MiB.
    pub in_flight_mb: u32,
    /// Maximum per client address, in MiB.
    pub in_flight_per_address_mb: u32,
    /// Maximum per account, in MiB.
    pub in_flight_per_account_mb: u32,
}

impl Memory {
    pub(super) fn defaults() -> Self {
        Self { in_flight_mb: 256, in_flight_per_address_mb: 64, in_flight_per_account_mb: 24 }
    }
}
