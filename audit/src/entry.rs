//! An entry of the index: what can be searched for of an event, its hash, and nothing personal.

use crate::{Chain, Hash};
use chrono::{DateTime, Utc};
use event_log::RawEvent;
use events::{AccountId, CommandId, ContactId, EventId, Position, Revision, SessionId, TeamId};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, Row, postgres::PgRow};

/// The longest text that is indexed, in bytes; longer ones are cut.
const MAX_TEXT: usize = 512;

/// An event in the chain, as it is found by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its place in the chain, from 1 without holes, the same in any log.
    pub number: u64,
    /// Its place in this log.
    pub position: Position,
    /// The chain's hash up to and with it.
    pub hash: Hash,
    /// The event.
    pub event_id: EventId,
    /// Its stream.
    pub stream: String,
    /// Its place in the stream.
    pub revision: Revision,
    /// Its stored name.
    pub kind: String,
    /// When the command was decided.
    pub at: DateTime<Utc>,
    /// The name of the command.
    pub command: String,
    /// The request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What groups all that stems from one cause outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// The event that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation: Option<EventId>,
    /// The command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_id: Option<CommandId>,
    /// Who acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<AccountId>,
    /// As which member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// In which session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The team that the event's stream belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
}

/// What metadata says in the clear. Metadata that is none of ours says nothing, and its event is in the chain all the same.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    at: DateTime<Utc>,
    command: String,
    request_id: Option<String>,
    correlation: Option<String>,
    causation: Option<EventId>,
    command_id: Option<CommandId>,
    actor: Option<AccountId>,
    contact: Option<ContactId>,
    session: Option<SessionId>,
}

impl Said {
    fn of(event: &RawEvent) -> Self {
        let mut said: Self = serde_json::from_slice(&event.meta).unwrap_or_default();
        // As exact as the database.
        said.at = DateTime::from_timestamp_micros(said.at.timestamp_micros()).unwrap_or_default();
        said.command = fit(said.command);
        said.request_id = said.request_id.map(fit);
        said.correlation = said.correlation.map(fit);
        said
    }
}

/// What Postgres can hold and index.
fn fit(mut text: String) -> String {
    text.retain(|letter| letter != '\0');
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text
}

impl Entry {
    /// The entry of an event; its team is found by others means, see `team.rs`.
    pub(crate) fn of(event: &RawEvent, number: u64, hash: Hash) -> Self {
        let Said { at, command, request_id, correlation, causation, command_id, actor, contact, session } =
            Said::of(event);
        Self {
            number,
            position: event.position,
            hash,
            event_id: event.id,
            stream: event.stream.as_str().to_owned(),
            revision: event.revision,
            kind: event.kind.clone(),
            at,
            command,
            request_id,
            correlation,
            causation,
            command_id,
            actor,
            contact,
            session,
            team: None,
        }
    }

    /// The place in the chain.
    pub fn chain(&self) -> Chain {
        Chain { number: self.number, hash: self.hash }
    }

    /// Whether it is the entry of this event: all that is said of it here, its hash apart, is what the event says.
    pub fn is_of(&self, event: &RawEvent) -> bool {
        let said = Self { team: self.team, ..Self::of(event, self.number, self.hash) };
        *self == said
    }
}

impl FromRow<'_, PgRow> for Entry {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let id = |name: &str| row.try_get::<Option<uuid::Uuid>, _>(name);
        let number = |name: &str| row.try_get::<i64, _>(name).map(i64::cast_unsigned);
        Ok(Self {
            number: number("number")?,
            position: number("position")?,
            hash: hash_of(row.try_get("hash")?)?,
            event_id: EventId(row.try_get("event_id")?),
            stream: row.try_get("stream")?,
            revision: number("revision")?,
            kind: row.try_get("kind")?,
            at: row.try_get("at")?,
            command: row.try_get("command")?,
            request_id: row.try_get("request_id")?,
            correlation: row.try_get("correlation")?,
            causation: id("causation")?.map(EventId),
            command_id: id("command_id")?.map(CommandId),
            actor: id("actor")?.map(AccountId),
            contact: id("contact")?.map(ContactId),
            session: id("session")?.map(SessionId),
            team: id("team")?.map(TeamId),
        })
    }
}

/// A hash as it is stored.
pub(crate) fn hash_of(bytes: Vec<u8>) -> Result<Hash, sqlx::Error> {
    let wrong = |bytes: Vec<u8>| sqlx::Error::Decode(format!("a hash of {} bytes", bytes.len()).into());
    bytes.try_into().map(Hash).map_err(wrong)
}
