//! The section `invitations` and its defaults.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Invitations to teams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invitations {
    /// Default validity of an invitation, in days, 1 to 365.
    pub valid_days: u32,
}

impl Invitations {
    pub(super) fn defaults() -> Self {
        Self { valid_days: 30 }
    }
}
