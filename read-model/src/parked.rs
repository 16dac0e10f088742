//! Streams whose projection stands still, for operators.

use crate::{ReadModel, Result};
use chrono::{DateTime, Utc};
use events::{EventId, Position, Revision};
use serde::Serialize;
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// A stream that stands still at an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parked {
    /// The stream.
    pub stream: String,
    /// The event that could not be read or applied.
    pub event: EventId,
    /// Its position.
    pub position: Position,
    /// Its place in the stream.
    pub revision: Revision,
    /// Its stored name.
    pub kind: String,
    /// What is wrong with it; never with personal values.
    pub error: String,
    /// How many events wait behind it.
    pub waiting: u64,
    /// Since when it stands still.
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
    /// All streams that stand still, in the order of the log.
    pub async fn list(self) -> Result<Vec<Parked>> {
        let rows = sqlx::query("SELECT * FROM parked ORDER BY position").fetch_all(&self.0.pool).await?;
        Ok(rows.iter().map(parked).collect())
    }

    /// How many streams stand still.
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
