//! Events of a team's integrations.

use crate::{GroupId, IntegrationId, Personal, value::IntegrationKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An integration was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The integration.
    pub integration: IntegrationId,
    /// Its kind.
    pub kind: IntegrationKind,
    /// API key, sealed under the master key, because the API shows it again.
    pub key_sealed: String,
    /// Keyed hash of the API key, hex, for look-up.
    pub key_hash: String,
    /// Its settings.
    pub settings: Settings,
}

/// Settings of an integration changed; holds all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Integration.
    pub integration: IntegrationId,
    /// All settings after the change.
    pub settings: Settings,
}

/// An integration was deleted; its API key is invalid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// Integration.
    pub integration: IntegrationId,
}

/// Settings of an integration (`seed`, integrations).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Free text.
    pub comment: Personal<String>,
    /// Whether it accepts requests and sends webhooks.
    pub enabled: bool,
    /// Group that it posts to and listens to.
    pub group: GroupId,
    /// URL for webhooks about new messages; may be empty.
    pub webhook_url: Personal<String>,
}
