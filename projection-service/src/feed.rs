//! Notices of a batch on their way into the feed: written with the rows, published after.

mod erasure;
mod membership;
mod retention;

pub use retention::{RetentionPolicy, prune_feed};

use crate::ProjectionError;
use chrono::{DateTime, Utc};
use events::{MessageId, Position};
use protocol::notice::{Audience, FeedRow, Notice, Scope};
use serde_json::value::{RawValue, to_raw_value};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// Of which events notices are written. Of those before, nobody could ask any more: the floor of the feed rises over them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NoticeCutoff(Option<DateTime<Utc>>);

impl NoticeCutoff {
    /// Of those that happened at a time or after it; of all without a time.
    pub(crate) const fn since(time: Option<DateTime<Utc>>) -> Self {
        Self(time)
    }

    /// Of none.
    pub(crate) const fn never() -> Self {
        Self(Some(DateTime::<Utc>::MAX_UTC))
    }

    fn covers(self, at: DateTime<Utc>) -> bool {
        self.0.is_none_or(|since| at >= since)
    }
}

/// What a batch tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    rows: Vec<FeedRow>,
    /// The place of the last notice, whether it is written or not.
    last: Option<(Position, u32)>,
    cutoff: NoticeCutoff,
    /// The last event that nobody is told of.
    suppressed: Option<Position>,
}

impl Outbox {
    /// One that tells of these events.
    pub(crate) fn new(cutoff: NoticeCutoff) -> Self {
        Self { cutoff, ..Self::default() }
    }

    /// Whether anybody is told of an event: what is looked up for notices alone is looked up only then.
    pub(crate) fn wants_notices(&mut self, position: Position, at: DateTime<Utc>) -> bool {
        let told = self.cutoff.covers(at);
        if !told {
            self.suppressed = self.suppressed.max(Some(position));
        }
        told
    }

    /// Adds a notice of an event.
    pub(crate) fn emit(
        &mut self,
        (position, at): (Position, DateTime<Utc>),
        scope: Scope,
        audience: Audience,
        notice: Notice,
    ) {
        let ordinal = match self.last {
            Some((last, ordinal)) if last == position => ordinal + 1,
            _ => 0,
        };
        self.last = Some((position, ordinal));
        if !self.wants_notices(position, at) && !membership::changes_membership(&notice) {
            return;
        }
        self.rows.push(FeedRow { position, ordinal, scope, audience, at, notice });
    }

    /// Takes what deleted messages said out of all that was told of them, here and in the feed: a socket that comes back and
    /// reads on must not hear it. Beside each message is the position that it came to be at.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn withdraw(
        &mut self,
        db: &mut PgConnection,
        gone: &[(MessageId, i64)],
    ) -> Result<(), ProjectionError> {
        let messages: Vec<MessageId> = gone.iter().map(|(message, _)| *message).collect();
        for row in &mut self.rows {
            withdraw(row, &messages);
        }
        let ids: Vec<Uuid> = messages.iter().map(|message| message.0).collect();
        let told = sqlx::query(
            "SELECT scope, position, ordinal, notice FROM feed WHERE position IN (\
                 SELECT unnest($2::bigint[]) UNION SELECT position FROM retold WHERE message = ANY($1))",
        )
        .bind(&ids)
        .bind(gone.iter().map(|(_, since)| *since).collect::<Vec<_>>())
        .fetch_all(&mut *db)
        .await?;
        for stored in &told {
            let mut row: FeedRow = serde_json::from_slice(stored.get("notice"))?;
            if withdraw(&mut row, &messages) {
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
        sqlx::query("DELETE FROM retold WHERE message = ANY($1)").bind(ids).execute(db).await?;
        Ok(())
    }

    /// Stores the rows, and returns them as the bus carries them; nothing when they are not all that happened.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn store(
        mut self,
        db: &mut PgConnection,
    ) -> Result<Option<Vec<(Uuid, Box<RawValue>)>>, sqlx::Error> {
        // Posts are applied before what else happens elsewhere.
        self.rows.sort_by_key(|row| (row.position, row.ordinal));
        membership::record(db, &self.rows).await?;
        if let Some(suppressed) = self.suppressed {
            sqlx::query("UPDATE feed_floor SET position = greatest(position, $1)")
                .bind(suppressed.cast_signed())
                .execute(&mut *db)
                .await?;
            self.rows.retain(|row| self.cutoff.covers(row.at));
        }
        let encode = |row: &FeedRow| to_raw_value(row).map(|encoded| (row.scope.uuid(), encoded));
        let encoded = self.rows.iter().map(encode).collect::<Result<Vec<_>, _>>();
        let encoded = encoded.map_err(|error| sqlx::Error::Encode(error.into()))?;
        if !self.rows.is_empty() {
            insert(db, &self.rows, &encoded).await?;
        }
        Ok(self.suppressed.is_none().then_some(encoded))
    }
}

/// Takes what one of these messages said out of a row; false when the row tells of something else.
fn withdraw(row: &mut FeedRow, withdrawn: &[MessageId]) -> bool {
    match &mut row.notice {
        Notice::MessageUpdated { message, .. } if withdrawn.contains(&message.id) => {
            message.withdraw();
            true
        }
        _ => false,
    }
}

const STORE: &str = "INSERT INTO feed (scope, position, ordinal, at, notice) \
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::timestamptz[], $5::bytea[])";

async fn insert(
    db: &mut PgConnection,
    rows: &[FeedRow],
    encoded: &[(Uuid, Box<RawValue>)],
) -> Result<(), sqlx::Error> {
    sqlx::query(STORE)
        .bind(rows.iter().map(|row| row.scope.uuid()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.position.cast_signed()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.ordinal.cast_signed()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.at).collect::<Vec<_>>())
        .bind(encoded.iter().map(|(_, row)| row.get().as_bytes()).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}
