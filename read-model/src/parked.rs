//! Parked streams: those whose projection is stopped at an event, for operators.

use crate::{ReadModel, Result};
use chrono::{DateTime, Utc};
use events::{EventId, Position, Revision};
use serde::Serialize;
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// A stream whose projection is stopped at an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parked {
    /// The stream.
    pub stream: String,
    /// The event that could not be read or applied.
    pub event: EventId,
    /// Its position.
    pub position: Position,
    /// Its revision in the stream.
    pub revision: Revision,
    /// Its stored kind.
    pub kind: String,
    /// Why it could not be applied; without personal values.
    pub error: String,
    /// Number of later events of the stream that wait.
    pub waiting: u64,
    /// The time at which the stream was parked.
    pub since: DateTime<Utc>,
}

/// Streams whose projection is stopped at an event.
#[derive(Clone, Copy, Debug)]
pub struct ParkedStreams<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Streams whose projection is stopped at an event.
    pub fn parked_streams(&self) -> ParkedStreams<'_> {
        ParkedStreams(self)
    }
}

impl ParkedStreams<'_> {
    /// All parked streams, in the order of the log.
    pub async fn list(self) -> Result<Vec<Parked>> {
        let rows = sqlx::query("SELECT * FROM parked ORDER BY position").fetch_all(&self.0.pool).await?;
        Ok(rows.iter().map(parked).collect())
    }

    /// Number of parked streams.
    pub async fn count(self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT count(*) FROM parked").fetch_one(&self.0.pool).await?)
    }
}

fn parked(row: &PgRow) -> Parked {
    let number = |name: &str| row.get::<i64, _>(name).cast_unsigned();
    Parked {
        stream: row.get("stream"),
        event: row.get::<Uuid, _>("event").into(),
        position: number("position"),
        revision: number("revision"),
        kind: row.get("kind"),
        error: row.get("error"),
        waiting: number("waiting"),
        since: row.get("since"),
    }
}
