//! The section `memory` and its defaults.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Memory that bodies of requests and frames of sockets may hold while they are read, wait and are carried out; in each
/// process. Above it requests are answered with 429 or, where all together have too much, 503; a socket is not read until
/// there is room, and closed with 1013 when that takes long. 0 for any number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// The budget of all accounts and addresses together, in MiB.
    pub in_flight_mb: u32,
    /// From one address, in MiB.
    pub in_flight_per_address_mb: u32,
    /// The budget of one account, in MiB.
    pub in_flight_per_account_mb: u32,
}

impl Memory {
    pub(super) fn defaults() -> Self {
        Self { in_flight_mb: 256, in_flight_per_address_mb: 64, in_flight_per_account_mb: 24 }
    }
}
