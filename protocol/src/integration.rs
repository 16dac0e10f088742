//! `/api/v3/teams/{team_uid}/integrations`.

use crate::{Jid, Timestamp};
use events::value::IntegrationKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// An integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Integration {
    /// Free text.
    pub comment: String,
    /// When it was made.
    pub created: Timestamp,
    /// Whether it accepts and sends.
    pub enabled: bool,
    /// What can be filled in.
    pub form: IntegrationForm,
    /// The group that it writes into.
    pub group: Jid,
    /// HTML for people: how to use it.
    pub help: String,
    /// `sentry`, `bitbucket` or `raw`.
    #[schema(value_type = String, pattern = "^(sentry|bitbucket|raw)$")]
    pub kind: IntegrationKind,
    /// The integration.
    pub uid: Uuid,
}

/// An integration as the members of its group see it: who placed it, and whether what they say goes elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupIntegration {
    /// Free text.
    pub comment: String,
    /// When it was made.
    pub created: Timestamp,
    /// Whether it accepts and sends.
    pub enabled: bool,
    /// `sentry`, `bitbucket` or `raw`.
    #[schema(value_type = String, pattern = "^(sentry|bitbucket|raw)$")]
    pub kind: IntegrationKind,
    /// The contact that placed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub placed_by: Option<Jid>,
    /// The title of its kind.
    pub title: String,
    /// The integration.
    pub uid: Uuid,
    /// The host to which new messages of the group go; absent where they go nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub webhook_host: Option<String>,
}

/// The fields of an integration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationForm {
    /// The key it writes with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub api_key: Option<IntegrationField>,
    /// Where new messages go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub webhook_url: Option<IntegrationField>,
    /// Where another service sends to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub url: Option<IntegrationField>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationField {
    /// For people, in Russian.
    pub label: String,
    /// Made by the server.
    pub readonly: bool,
    /// May be empty.
    pub value: String,
}

/// What `GET …/integrations` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Integrations {
    /// Those of the team.
    pub integrations: Vec<Integration>,
    /// Those there could be.
    pub kinds: Vec<KindOfIntegration>,
}

/// A kind of integration with what a new one looks like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KindOfIntegration {
    /// `sentry`, `bitbucket` or `raw`.
    #[schema(value_type = String, pattern = "^(sentry|bitbucket|raw)$")]
    pub kind: IntegrationKind,
    /// What a new one looks like.
    pub template: IntegrationTemplate,
    /// For people.
    pub title: String,
}

/// What a new integration looks like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationTemplate {
    /// Free text.
    pub comment: String,
    /// Whether it accepts and sends.
    pub enabled: bool,
    /// What can be filled in.
    pub form: IntegrationForm,
    /// `sentry`, `bitbucket` or `raw`.
    #[schema(value_type = String, pattern = "^(sentry|bitbucket|raw)$")]
    pub kind: IntegrationKind,
}

/// `POST …/integrations`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateIntegration {
    /// Free text.
    #[serde(default)]
    pub comment: String,
    /// Whether it accepts and sends.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// A group of the team.
    pub group: String,
    /// `sentry`, `bitbucket` or `raw`.
    pub kind: String,
    /// Where new messages go.
    #[serde(default)]
    pub webhook_url: String,
}

fn yes() -> bool {
    true
}

/// `PUT …/integrations/{integration_uid}`: only what is sent changes.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct ChangeIntegration {
    /// Free text.
    #[serde(default)]
    pub comment: Option<String>,
    /// Whether it accepts and sends.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// A group of the team.
    #[serde(default)]
    pub group: Option<String>,
    /// Where new messages go; empty for nowhere.
    #[serde(default)]
    pub webhook_url: Option<String>,
}

/// What `POST /api/message` answers: no envelope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageAccepted {
    /// Whether it was taken.
    pub ok: bool,
    /// Why not, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<String>,
}
