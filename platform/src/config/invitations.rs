//! The section of invitations.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Invitations into teams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invitations {
    /// Days for which an invitation is open where its maker does not say, 1 to 365.
    pub valid_days: u32,
}

impl Invitations {
    pub(super) fn defaults() -> Self {
        Self { valid_days: 30 }
    }
}
