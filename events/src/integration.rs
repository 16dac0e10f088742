//! Facts about a team's integrations.

use crate::{GroupId, IntegrationId, Personal, value::IntegrationKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An integration was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The integration.
    pub integration: IntegrationId,
    /// Its kind.
    pub kind: IntegrationKind,
    /// API key, sealed under the master key: the API shows it again.
    pub key_sealed: String,
    /// Keyed hash of the key, hex: it is looked up by this.
    pub key_hash: String,
    /// Its settings.
    pub settings: Settings,
}

/// Settings changed; the result is given whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Which one.
    pub integration: IntegrationId,
    /// Settings after the change.
    pub settings: Settings,
}

/// An integration was deleted; its key opens nothing any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// Which one.
    pub integration: IntegrationId,
}

/// What can be set on an integration (`seed`, integrations).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Free text.
    pub comment: Personal<String>,
    /// Whether it accepts and sends.
    pub enabled: bool,
    /// The group it writes into and listens to.
    pub group: GroupId,
    /// Where new messages go; empty for nowhere.
    pub webhook_url: Personal<String>,
}
