//! History for auditors: `/api/audit/v1`.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// One event of history.
#[serde_with::apply(Option => #[serde(default, skip_serializing_if = "Option::is_none")] #[schema(nullable = false)])]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditEvent {
    /// Number of the event in the hash chain, from 1, without gaps.
    pub number: u64,
    /// Position of the event in the log.
    pub position: u64,
    /// Chain hash up to and including this event, 64 hexadecimal digits.
    pub hash: String,
    /// Id of the event.
    pub event_id: Uuid,
    /// Name of the stream that holds the event.
    pub stream: String,
    /// Revision of the event in its stream, from 0.
    pub revision: u64,
    /// Stored name of the event type, `noun.past_tense.vN`.
    pub kind: String,
    /// Time when the command was decided.
    pub at: Timestamp,
    /// Name of the command that produced the event.
    pub command: String,
    /// Id of the HTTP request.
    pub request_id: Option<String>,
    /// Correlation id, shared by everything that stems from one outside cause.
    pub correlation: Option<String>,
    /// Id of the event that caused this one.
    pub causation: Option<Uuid>,
    /// Id of the command.
    pub command_id: Option<Uuid>,
    /// Account that acted.
    pub actor: Option<Uuid>,
    /// Contact of the team as which the account acted.
    pub contact: Option<Uuid>,
    /// Session in which the account acted.
    pub session: Option<Uuid>,
    /// Team to which the event belongs.
    pub team: Option<Uuid>,
    /// IP address of the client; shown to auditors only.
    pub address: Option<String>,
    /// `User-Agent` of the client; shown to auditors only.
    pub user_agent: Option<String>,
    /// Payload of the event. A personal value is `{"$personal": {"subject", "value"}}`; `value` is missing when it
    /// was erased or the caller may not see it. Related events carry no payload.
    pub data: Option<Value>,
    /// Reason why the payload cannot be read.
    pub unreadable: Option<String>,
}

/// A page of history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditPage {
    /// Events in the requested order.
    pub events: Vec<AuditEvent>,
    /// Value of `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<u64>,
}

/// An event with its causes and effects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditStory {
    /// The requested event.
    pub event: AuditEvent,
    /// Chain of causing events, the first cause first.
    pub causes: Vec<AuditEvent>,
    /// Events caused by this one, as a tree in depth-first order.
    pub effects: Vec<AuditEffect>,
    /// Other events of the same request.
    pub same_request: Vec<AuditEvent>,
}

/// An event caused by another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditEffect {
    /// Number of causation steps from the requested event; 1 means caused directly.
    pub depth: usize,
    /// The event.
    pub event: AuditEvent,
}

/// How far history is hashed and signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditProof {
    /// Number of the last event in the hash chain.
    pub number: u64,
    /// Position of the last event in the hash chain.
    pub position: u64,
    /// Hash of the last event in the chain, 64 hexadecimal digits.
    pub hash: String,
    /// Position of the last event in the log.
    pub head: u64,
    /// Number of chained events that no checkpoint covers yet.
    pub not_signed: u64,
    /// The last signed checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub checkpoint: Option<AuditCheckpoint>,
}

/// A signed checkpoint of the hash chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditCheckpoint {
    /// Number of the signed event in the chain.
    pub number: u64,
    /// Position of the signed event in the log.
    pub position: u64,
    /// Hash of the signed event, 64 hexadecimal digits.
    pub hash: String,
    /// Time of signing.
    pub at: Timestamp,
    /// Public key, 64 hexadecimal digits.
    pub key: String,
    /// Ed25519 signature, 128 hexadecimal digits.
    pub signature: String,
}
