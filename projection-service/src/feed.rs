//! Notices of a batch on their way into the feed: numbered within their scopes, written with the rows, published after.

use chrono::{DateTime, Utc};
use events::Position;
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
        let mut counts: BTreeMap<Uuid, i64> = BTreeMap::new();
        self.rows.iter().for_each(|row| *counts.entry(row.scope.uuid()).or_default() += 1);
        let mut next = reserve(db, &counts).await?;
        for row in &mut self.rows {
            let seq = next.entry(row.scope.uuid()).or_default();
            *seq += 1;
            row.seq = *seq;
        }
        insert(db, &self.rows).await?;
        let mut scopes: BTreeMap<Scope, Vec<FeedRow>> = BTreeMap::new();
        for row in self.rows {
            scopes.entry(row.scope).or_default().push(row);
        }
        Ok(scopes.into_iter().collect())
    }
}

/// Moves the scopes' numbers on and returns where each stood before.
async fn reserve(
    db: &mut PgConnection,
    counts: &BTreeMap<Uuid, i64>,
) -> Result<HashMap<Uuid, i64>, sqlx::Error> {
    let (scopes, added): (Vec<Uuid>, Vec<i64>) = counts.iter().map(|(scope, count)| (*scope, *count)).unzip();
    let rows = sqlx::query(
        "INSERT INTO read.feed_scope AS s (scope, seq) SELECT * FROM unnest($1::uuid[], $2::bigint[]) \
         ON CONFLICT (scope) DO UPDATE SET seq = s.seq + excluded.seq RETURNING scope, seq",
    )
    .bind(scopes)
    .bind(added)
    .fetch_all(db)
    .await?;
    let before = |row: &sqlx::postgres::PgRow| {
        let scope: Uuid = row.get("scope");
        (scope, row.get::<i64, _>("seq") - counts.get(&scope).copied().unwrap_or(0))
    };
    Ok(rows.iter().map(before).collect())
}

async fn insert(db: &mut PgConnection, rows: &[FeedRow]) -> Result<(), sqlx::Error> {
    let notices: Vec<Vec<u8>> = rows
        .iter()
        .map(serde_json::to_vec)
        .collect::<Result<_, _>>()
        .map_err(|e| sqlx::Error::Encode(e.into()))?;
    sqlx::query(
        "INSERT INTO read.feed (scope, seq, position, ordinal, notice) \
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::int[], $5::bytea[])",
    )
    .bind(rows.iter().map(|row| row.scope.uuid()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.seq).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.position.cast_signed()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.ordinal.cast_signed()).collect::<Vec<_>>())
    .bind(notices)
    .execute(db)
    .await?;
    Ok(())
}
