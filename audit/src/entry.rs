//! Entries of the search index: an event's number, hash and clear metadata; no personal values.

use crate::{Chain, Hash, stored::hash_of};
use chrono::{DateTime, Utc};
use event_log::RawEvent;
use events::{AccountId, CommandId, ContactId, EventId, Position, Revision, SessionId, TeamId};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, Row, postgres::PgRow};

/// Maximum length of an indexed text in bytes; longer ones are cut.
const MAX_TEXT: usize = 512;

/// An indexed event of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Number in the chain, from 1 without gaps; equal in a copy of the log.
    pub number: u64,
    /// Position in this log.
    pub position: Position,
    /// Hash of the chain up to and including the event.
    pub hash: Hash,
    /// Id of the event.
    pub event_id: EventId,
    /// Name of its stream.
    pub stream: String,
    /// Revision in the stream.
    pub revision: Revision,
    /// Stored name of the event type.
    pub kind: String,
    /// Time of the decision.
    pub at: DateTime<Utc>,
    /// Name of the command.
    pub command: String,
    /// Id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Correlation id: equal for everything that one outside cause led to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// Event that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation: Option<EventId>,
    /// Id of the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_id: Option<CommandId>,
    /// Account that acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<AccountId>,
    /// Contact that acted, where a team is concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// Session that acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// Team that the event's stream belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
}

/// Clear part of the metadata. Metadata of an unknown form leaves it empty; its event is in the chain all the same.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ClearMeta {
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

impl ClearMeta {
    fn of(event: &RawEvent) -> Self {
        let mut clear: Self = serde_json::from_slice(&event.meta).unwrap_or_default();
        // Cut to the precision of the database.
        clear.at = DateTime::from_timestamp_micros(clear.at.timestamp_micros()).unwrap_or_default();
        clear.command = fit(clear.command);
        clear.request_id = clear.request_id.map(fit);
        clear.correlation = clear.correlation.map(fit);
        clear
    }
}

/// Removes what Postgres cannot store and cuts what it cannot index.
fn fit(mut text: String) -> String {
    text.retain(|letter| letter != '\0');
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text
}

impl Entry {
    /// The entry of an event, without its team, which `team.rs` finds.
    pub(crate) fn of(event: &RawEvent, number: u64, hash: Hash) -> Self {
        let ClearMeta {
            at,
            command,
            request_id,
            correlation,
            causation,
            command_id,
            actor,
            contact,
            session,
        } = ClearMeta::of(event);
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

    /// Its point in the chain.
    pub fn chain(&self) -> Chain {
        Chain { number: self.number, hash: self.hash }
    }

    /// Whether all fields but hash and team equal those of an event.
    pub fn matches(&self, event: &RawEvent) -> bool {
        let clear = Self { team: self.team, ..Self::of(event, self.number, self.hash) };
        *self == clear
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
