//! Metadata of events: actor, time, origin and cause.

use crate::{AccountId, CommandId, ContactId, EventId, Personal, SessionId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Metadata of one event. Times have microsecond precision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// Time of the decision.
    pub at: DateTime<Utc>,
    /// Name of the command, e.g. `team.create`.
    pub command: String,
    /// Id of the command, if the client sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<CommandId>,
    /// Id of the request, which clients see in `X-Request-Id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Correlation id: equal for everything that one outside cause led to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// Event that caused this one, for reactions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<EventId>,
    /// Account that acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<AccountId>,
    /// Contact that acted, where a team is concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// Session that acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// IP address of the client, sealed under the actor's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Personal<String>>,
    /// User agent of the client, sealed under the actor's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Personal<String>>,
    /// Version of the program that wrote the event.
    pub app: String,
    /// Schemas that the program knew, see [`crate::SCHEMAS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Time at which the program handed the event to the log. Set by the journal; absent in events of earlier
    /// versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<DateTime<Utc>>,
}

impl Meta {
    /// Metadata with only the mandatory fields. Others are added by struct update: `Meta { actor, ..Meta::new(at,
    /// command) }`.
    pub fn new(at: DateTime<Utc>, command: impl Into<String>) -> Self {
        Self {
            at,
            command: command.into(),
            command_id: None,
            request_id: None,
            correlation: None,
            causation: None,
            actor: None,
            contact: None,
            session: None,
            address: None,
            user_agent: None,
            app: env!("CARGO_PKG_VERSION").to_owned(),
            schema: Some(crate::SCHEMAS.to_owned()),
            recorded_at: None,
        }
    }
}
