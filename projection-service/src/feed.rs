//! Notices of a batch on their way into the feed: numbered within their scopes, written with the rows, published after.

mod erasure;
mod membership;
mod retention;

pub use retention::{Keep, forget};

use crate::ProjectionError;
use chrono::{DateTime, Utc};
use events::{MessageId, Position};
use protocol::notice::{Audience, FeedRow, Notice, Scope};
use serde_json::value::{RawValue, to_raw_value};
use sqlx::{PgConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// What a batch tells, in order; numbers are given when it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    rows: Vec<FeedRow>,
}

impl Outbox {
    /// Adds a notice of an event.
    pub(crate) fn tell(
        &mut self,
        (position, at): (Position, DateTime<Utc>),
        scope: Scope,
        audience: Audience,
        notice: Notice,
    ) {
        let ordinal = match self.rows.last() {
            Some(last) if last.position == position => last.ordinal + 1,
            _ => 0,
        };
        self.rows.push(FeedRow { position, ordinal, scope, audience, at, notice });
    }

    /// Takes what a deleted message said out of all that was told of it, here and in the feed: a socket that comes back and
    /// reads on must not hear it. `since` is the position that it came to be at.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn withdraw(
        &mut self,
        db: &mut PgConnection,
        message: MessageId,
        since: i64,
    ) -> Result<(), ProjectionError> {
        for row in &mut self.rows {
            withdraw(row, message);
        }
        let told = sqlx::query(
            "SELECT scope, position, ordinal, notice FROM feed \
             WHERE position IN (SELECT $2::bigint UNION SELECT position FROM retold WHERE message = $1)",
        )
        .bind(message.0)
        .bind(since)
        .fetch_all(&mut *db)
        .await?;
        for stored in &told {
            let mut row: FeedRow = serde_json::from_slice(stored.get("notice"))?;
            if withdraw(&mut row, message) {
                sqlx::query(
                    "UPDATE feed SET notice = $4 WHERE scope = $1 AND position = $2 AND ordinal = $3",
                )
                .bind(stored.get::<Uuid, _>("scope"))
                .bind(stored.get::<i64, _>("position"))
                .bind(stored.get::<i32, _>("ordinal"))
                .bind(serde_json::to_vec(&row)?)
                .execute(&mut *db)
                .await?;
            }
        }
        sqlx::query("DELETE FROM retold WHERE message = $1").bind(message.0).execute(db).await?;
        Ok(())
    }

    /// Numbers and stores the rows, and returns them as the bus carries them.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn store(
        self,
        db: &mut PgConnection,
    ) -> Result<Vec<(Uuid, Box<RawValue>)>, sqlx::Error> {
        if self.rows.is_empty() {
            return Ok(vec![]);
        }
        let encode = |row: &FeedRow| to_raw_value(row).map(|encoded| (row.scope.uuid(), encoded));
        let encoded = self.rows.iter().map(encode).collect::<Result<Vec<_>, _>>();
        let encoded = encoded.map_err(|error| sqlx::Error::Encode(error.into()))?;
        insert(db, &self.rows, &encoded).await?;
        membership::keep(db, &self.rows).await?;
        Ok(encoded)
    }
}

/// Takes what a message said out of a row; false when the row tells of something else.
fn withdraw(row: &mut FeedRow, withdrawn: MessageId) -> bool {
    match &mut row.notice {
        Notice::MessageUpdated { message, .. } if message.id == withdrawn => {
            message.withdraw();
            true
        }
        _ => false,
    }
}

/// Moves the scopes' numbers on, and stores each row under its own: the scope's newest number less the rows of the same
/// scope that come behind it.
const STORE: &str = "
    WITH told AS (
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::int[], $5::timestamptz[], $6::bytea[])
            AS t(scope, behind, position, ordinal, at, notice)
    ), moved AS (
        INSERT INTO feed_scope AS s (scope, seq) SELECT scope, count(*) FROM told GROUP BY scope ORDER BY scope
        ON CONFLICT (scope) DO UPDATE SET seq = s.seq + excluded.seq RETURNING scope, seq
    )
    INSERT INTO feed (scope, seq, position, ordinal, at, notice)
    SELECT scope, m.seq - t.behind, t.position, t.ordinal, t.at, t.notice FROM told t JOIN moved m USING (scope)";

async fn insert(
    db: &mut PgConnection,
    rows: &[FeedRow],
    encoded: &[(Uuid, Box<RawValue>)],
) -> Result<(), sqlx::Error> {
    sqlx::query(STORE)
        .bind(rows.iter().map(|row| row.scope.uuid()).collect::<Vec<_>>())
        .bind(behind(rows))
        .bind(rows.iter().map(|row| row.position.cast_signed()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.ordinal.cast_signed()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.at).collect::<Vec<_>>())
        .bind(encoded.iter().map(|(_, row)| row.get().as_bytes()).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}

/// For each row, how many of its scope come behind it.
fn behind(rows: &[FeedRow]) -> Vec<i64> {
    let mut seen: HashMap<Uuid, i64> = HashMap::new();
    let mut behind: Vec<i64> = rows
        .iter()
        .rev()
        .map(|row| {
            let count = seen.entry(row.scope.uuid()).or_default();
            *count += 1;
            *count - 1
        })
        .collect();
    behind.reverse();
    behind
}
