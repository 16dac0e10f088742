//! The state of an event's effects, for auditors.

use chrono::{DateTime, Utc};
use events::EventId;
use serde::Serialize;
use sqlx::{FromRow, PgPool, Row, postgres::PgRow};
use std::fmt;

/// The state of an effect, without its payload.
#[derive(Clone, Debug, Serialize)]
pub struct EffectStatus {
    /// `sms` or `webhook`.
    pub kind: String,
    /// The event's id; for a webhook, followed by a colon and the integration's id.
    pub key: String,
    /// Time of planning.
    pub planned: DateTime<Utc>,
    /// Number of attempts.
    pub attempts: i32,
    /// Time of the next attempt; `None` once it is finished.
    pub due: Option<DateTime<Utc>>,
    /// The outcome of the last attempt.
    pub outcome: Option<String>,
}

impl EffectStatus {
    /// The effects of an event that are not pruned yet.
    pub async fn of(pool: &PgPool, event: EventId) -> Result<Vec<Self>, sqlx::Error> {
        sqlx::query_as(
            "SELECT kind, key, planned, attempts, due, outcome FROM ops.effect \
             WHERE key = $1 OR key LIKE $1 || ':%' ORDER BY kind, key",
        )
        .bind(event.to_string())
        .fetch_all(pool)
        .await
    }
}

impl FromRow<'_, PgRow> for EffectStatus {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            kind: row.try_get("kind")?,
            key: row.try_get("key")?,
            planned: row.try_get("planned")?,
            attempts: row.try_get("attempts")?,
            due: row.try_get("due")?,
            outcome: row.try_get("outcome")?,
        })
    }
}

impl fmt::Display for EffectStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, key, planned, attempts, due, outcome } = self;
        write!(f, "{kind} {key}, planned {}, {attempts} tries, ", planned.to_rfc3339())?;
        match (due, outcome) {
            (Some(due), _) => write!(f, "next at {}", due.to_rfc3339()),
            (None, Some(outcome)) => write!(f, "{outcome}"),
            (None, None) => write!(f, "over"),
        }
    }
}
