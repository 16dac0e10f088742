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

impl ReadModel {
    /// All streams that stand still, in the order of the log.
    ///
    /// # Errors
    /// The database failed.
    pub async fn parked(&self) -> Result<Vec<Parked>> {
        let rows = sqlx::query("SELECT * FROM parked ORDER BY position").fetch_all(&self.pool).await?;
        Ok(rows.iter().map(parked).collect())
    }

    /// How many streams stand still.
    ///
    /// # Errors
    /// The database failed.
    pub async fn parked_count(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT count(*) FROM parked").fetch_one(&self.pool).await?)
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
