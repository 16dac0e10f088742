//! History for auditors: `/api/audit/v1`.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// An event of history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditEvent {
    /// Its place in the chain, from 1 without holes.
    pub number: u64,
    /// Its place in the log.
    pub position: u64,
    /// The chain's hash up to and with it, 64 hexadecimal digits.
    pub hash: String,
    /// The event.
    pub event_id: Uuid,
    /// Its stream.
    pub stream: String,
    /// Its place in the stream, from 0.
    pub revision: u64,
    /// Its stored name, `noun.past_tense.vN`.
    pub kind: String,
    /// When the command was decided.
    pub at: Timestamp,
    /// The command's name.
    pub command: String,
    /// The request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request_id: Option<String>,
    /// What groups all that stems from one cause outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub correlation: Option<String>,
    /// The event that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub causation: Option<Uuid>,
    /// The command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub command_id: Option<Uuid>,
    /// The account that acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub actor: Option<Uuid>,
    /// As which contact of the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contact: Option<Uuid>,
    /// In which session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub session: Option<Uuid>,
    /// The team that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub team: Option<Uuid>,
    /// The client's address; for auditors alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<String>,
    /// The client's program; for auditors alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user_agent: Option<String>,
    /// The fact. A personal value is `{"$personal": {"subject", "value"}}`; without `value` it was erased, or is not for the
    /// caller. Events that belong to the one that was asked for come without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub data: Option<Value>,
    /// Why the fact cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unreadable: Option<String>,
}

/// Some of history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditPage {
    /// In the order that was asked for.
    pub events: Vec<AuditEvent>,
    /// What `after` must be to go on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<u64>,
}

/// An event, and those that belong to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditStory {
    /// The event.
    pub event: AuditEvent,
    /// What it came of, the first cause first.
    pub causes: Vec<AuditEvent>,
    /// What came of it, as a tree that is told from the top.
    pub effects: Vec<AuditEffect>,
    /// The other events of the same request.
    pub same_request: Vec<AuditEvent>,
}

/// An event that came of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditEffect {
    /// Over how many steps; 1 is at once.
    pub depth: usize,
    /// The event.
    pub event: AuditEvent,
}

/// How far history is hashed and signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditProof {
    /// The last number of the chain.
    pub number: u64,
    /// The position of that event.
    pub position: u64,
    /// The chain's hash there.
    pub hash: String,
    /// The position of the log's last event.
    pub head: u64,
    /// Events of the chain that no checkpoint covers yet.
    pub not_signed: u64,
    /// The last checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub checkpoint: Option<AuditCheckpoint>,
}

/// A signed place in the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditCheckpoint {
    /// The number that was signed.
    pub number: u64,
    /// Its position.
    pub position: u64,
    /// Its hash.
    pub hash: String,
    /// When it was signed.
    pub at: Timestamp,
    /// The public key, 64 hexadecimal digits.
    pub key: String,
    /// Ed25519, 128 hexadecimal digits.
    pub signature: String,
}
