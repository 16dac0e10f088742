//! Integrations of a team: `/api/v3/teams/{team_uid}/integrations`.

use crate::{Jid, Timestamp};
use events::value::IntegrationKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// An integration: an external program that writes into a group and may receive its messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Integration {
    /// Comment, free text.
    pub comment: String,
    /// Time of creation.
    pub created: Timestamp,
    /// The integration accepts and sends messages.
    pub enabled: bool,
    /// Fields of the integration's form.
    pub form: IntegrationForm,
    /// Address of the group that the integration writes into.
    pub group: Jid,
    /// Instructions for people, HTML.
    pub help: String,
    /// Kind of the integration: `sentry`, `bitbucket` or `raw`.
    #[schema(value_type = String, pattern = "^(sentry|bitbucket|raw)$")]
    pub kind: IntegrationKind,
    /// Id of the integration.
    pub uid: Uuid,
}

/// An integration as the members of its group see it, without its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupIntegration {
    /// Comment, free text.
    pub comment: String,
    /// Time of creation.
    pub created: Timestamp,
    /// The integration accepts and sends messages.
    pub enabled: bool,
    /// Kind of the integration: `sentry`, `bitbucket` or `raw`.
    #[schema(value_type = String, pattern = "^(sentry|bitbucket|raw)$")]
    pub kind: IntegrationKind,
    /// Address of the contact that added the integration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub placed_by: Option<Jid>,
    /// Title of the integration's kind.
    pub title: String,
    /// Id of the integration.
    pub uid: Uuid,
    /// Host that receives new messages of the group; absent when none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub webhook_host: Option<String>,
}

/// Fields of an integration's form.
#[serde_with::apply(Option => #[serde(default, skip_serializing_if = "Option::is_none")] #[schema(nullable = false)])]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationForm {
    /// Key with which the program posts messages.
    pub api_key: Option<IntegrationField>,
    /// Address that receives new messages of the group.
    pub webhook_url: Option<IntegrationField>,
    /// Address to which the other service sends its webhooks.
    pub url: Option<IntegrationField>,
}

/// One field of a form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationField {
    /// Label for people, in Russian.
    pub label: String,
    /// The server sets the value; clients cannot change it.
    pub readonly: bool,
    /// Current value; may be empty.
    pub value: String,
}

/// The team's integrations and the kinds that can be added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Integrations {
    /// The team's integrations.
    pub integrations: Vec<Integration>,
    /// Kinds of integrations that can be added.
    pub kinds: Vec<KindOfIntegration>,
}

/// A kind of integration and the template of a new one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KindOfIntegration {
    /// Kind of the integration: `sentry`, `bitbucket` or `raw`.
    #[schema(value_type = String, pattern = "^(sentry|bitbucket|raw)$")]
    pub kind: IntegrationKind,
    /// Initial values of a new integration.
    pub template: IntegrationTemplate,
    /// Title for people.
    pub title: String,
}

/// Initial values of a new integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationTemplate {
    /// Comment, free text.
    pub comment: String,
    /// The integration accepts and sends messages.
    pub enabled: bool,
    /// Fields of the integration's form.
    pub form: IntegrationForm,
    /// Kind of the integration: `sentry`, `bitbucket` or `raw`.
    #[schema(value_type = String, pattern = "^(sentry|bitbucket|raw)$")]
    pub kind: IntegrationKind,
}

/// Request to create an integration.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateIntegration {
    /// Comment, free text.
    #[serde(default)]
    pub comment: String,
    /// The integration accepts and sends messages; `true` by default.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Address of a group of the team.
    pub group: String,
    /// Kind of the integration: `sentry`, `bitbucket` or `raw`.
    pub kind: String,
    /// Address that receives new messages of the group; empty for none.
    #[serde(default)]
    pub webhook_url: String,
}

fn yes() -> bool {
    true
}

/// Request to change an integration; absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct ChangeIntegration {
    /// Comment, free text.
    pub comment: Option<String>,
    /// The integration accepts and sends messages.
    pub enabled: Option<bool>,
    /// Address of a group of the team.
    pub group: Option<String>,
    /// Address that receives new messages of the group; empty for none.
    pub webhook_url: Option<String>,
}

/// Answer to a message of an integration; it has no envelope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageAccepted {
    /// The message was accepted.
    pub ok: bool,
    /// Reason for the refusal, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<String>,
}
