//! Notices of a batch on their way into the feed: numbered within their scopes, written with the rows, published after.

use crate::ProjectionError;
use chrono::{DateTime, Utc};
use events::{MessageId, Position};
use protocol::notice::{Audience, FeedRow, Notice, Scope};
use sqlx::{PgConnection, Row};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// What a batch tells, in order; numbers are given when it is written.
#[derive(Debug, Default)]
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
        self.rows.push(FeedRow { position, ordinal, scope, seq: 0, audience, at, notice });
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
            "SELECT scope, seq, notice FROM read.feed \
             WHERE position IN (SELECT $2::bigint UNION SELECT position FROM read.retold WHERE message = $1)",
        )
        .bind(message.0)
        .bind(since)
        .fetch_all(&mut *db)
        .await?;
        for stored in &told {
            let mut row: FeedRow = serde_json::from_slice(stored.get("notice"))?;
            if withdraw(&mut row, message) {
                sqlx::query("UPDATE read.feed SET notice = $3 WHERE scope = $1 AND seq = $2")
                    .bind(stored.get::<Uuid, _>("scope"))
                    .bind(stored.get::<i64, _>("seq"))
                    .bind(serde_json::to_vec(&row)?)
                    .execute(&mut *db)
                    .await?;
            }
        }
        sqlx::query("DELETE FROM read.retold WHERE message = $1").bind(message.0).execute(db).await?;
        Ok(())
    }

    /// Numbers and stores the rows, and returns them by scope, ready to be published.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn store(
        mut self,
        db: &mut PgConnection,
    ) -> Result<Vec<(Scope, Vec<FeedRow>)>, sqlx::Error> {
        if self.rows.is_empty() {
            return Ok(vec![]);
        }
        let mut last = insert(db, &self.rows).await?;
        for row in self.rows.iter_mut().rev() {
            let seq = last.entry(row.scope.uuid()).or_default();
            row.seq = *seq;
            *seq -= 1;
        }
        let mut scopes: BTreeMap<Scope, Vec<FeedRow>> = BTreeMap::new();
        for row in self.rows {
            scopes.entry(row.scope).or_default().push(row);
        }
        Ok(scopes.into_iter().collect())
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
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::int[], $5::bytea[])
            AS t(scope, behind, position, ordinal, notice)
    ), moved AS (
        INSERT INTO read.feed_scope AS s (scope, seq) SELECT scope, count(*) FROM told GROUP BY scope ORDER BY scope
        ON CONFLICT (scope) DO UPDATE SET seq = s.seq + excluded.seq RETURNING scope, seq
    ), stored AS (
        INSERT INTO read.feed (scope, seq, position, ordinal, notice)
        SELECT scope, m.seq - t.behind, t.position, t.ordinal, t.notice FROM told t JOIN moved m USING (scope)
    ) SELECT scope, seq FROM moved";

/// Stores the rows, and returns the newest number of each scope.
async fn insert(db: &mut PgConnection, rows: &[FeedRow]) -> Result<HashMap<Uuid, i64>, sqlx::Error> {
    let notices: Vec<Vec<u8>> = rows
        .iter()
        .map(serde_json::to_vec)
        .collect::<Result<_, _>>()
        .map_err(|e| sqlx::Error::Encode(e.into()))?;
    let stored = sqlx::query(STORE)
        .bind(rows.iter().map(|row| row.scope.uuid()).collect::<Vec<_>>())
        .bind(behind(rows))
        .bind(rows.iter().map(|row| row.position.cast_signed()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.ordinal.cast_signed()).collect::<Vec<_>>())
        .bind(notices)
        .fetch_all(db)
        .await?;
    Ok(stored.iter().map(|row| (row.get("scope"), row.get("seq"))).collect())
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
