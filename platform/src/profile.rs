//! The profile: development or production.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Chooses the defaults and the checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Developer machines and tests: fixed login code, SMS on the console, plain http, generous limits.
    #[default]
    Dev,
    /// Real users: the server refuses to start with unsafe settings.
    Production,
}
