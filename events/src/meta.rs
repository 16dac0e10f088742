//! What is kept about every event beside its payload: who, when, from where, because of what.

use crate::{AccountId, CommandId, ContactId, EventId, Personal, SessionId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Metadata of one event. Times have microsecond precision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// When the command was decided.
    pub at: DateTime<Utc>,
    /// The name of the command that led to it, e.g. `team.create`.
    pub command: String,
    /// The command's id, where the client named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<CommandId>,
    /// The request's id: the one that clients see in `X-Request-Id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Groups all that stems from one cause outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// The event that caused this one, for reactions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<EventId>,
    /// Who acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<AccountId>,
    /// As which member of the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// In which session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The client's address, sealed with the actor's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Personal<String>>,
    /// The client's program, sealed with the actor's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Personal<String>>,
    /// Version of the program that wrote it.
    pub app: String,
    /// The shapes that program knew, see [`crate::SCHEMAS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// When the program handed it to the log. Written by the journal; older events have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<DateTime<Utc>>,
}

impl Meta {
    /// Of what this program decides now; whoever knows more adds it: `Meta { actor, ..Meta::new(at, command) }`.
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
