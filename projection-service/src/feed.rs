//! The outbox of a batch: its notices are stored in the feed with the rows, and published after the commit.

mod erasure;
mod membership;
mod retention;

pub use retention::{RetentionPolicy, prune_feed};

use crate::error::ProjectionError;
use chrono::{DateTime, Utc};
use events::{MessageKey, Position};
use protocol::notice::{Audience, FeedRow, Notice, Scope};
use serde_json::value::{RawValue, to_raw_value};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// Cutoff: older events produce no notices, and the feed floor advances past them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NoticeCutoff(Option<DateTime<Utc>>);

impl NoticeCutoff {
    /// Notices of the events from a time on; of every event if there is no time.
    pub(crate) const fn since(time: Option<DateTime<Utc>>) -> Self {
        Self(time)
    }

    /// No notices at all.
    pub(crate) const fn never() -> Self {
        Self(Some(DateTime::<Utc>::MAX_UTC))
    }

    fn covers(self, at: DateTime<Utc>) -> bool {
        self.0.is_none_or(|since| at >= since)
    }
}

/// The notices of a batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    rows: Vec<FeedRow>,
    /// Position and ordinal of the last notice, stored or not.
    last: Option<(Position, u32)>,
    cutoff: NoticeCutoff,
    /// The last event before the cutoff.
    suppressed: Option<Position>,
}

impl Outbox {
    pub(crate) fn new(cutoff: NoticeCutoff) -> Self {
        Self { cutoff, ..Self::default() }
    }

    /// Whether notices of this event are stored.
    pub(crate) fn wants_notices(&mut self, position: Position, at: DateTime<Utc>) -> bool {
        let covered = self.cutoff.covers(at);
        if !covered {
            self.suppressed = self.suppressed.max(Some(position));
        }
        covered
    }

    /// Adds a notice of an event. Changes of membership are kept in any case, because `feed_member` follows them.
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

    /// Removes the content of deleted messages from their notices, in this batch and in the feed: a socket that reconnects
    /// must not receive it. Each message comes with the position of its post.
    pub(crate) async fn redact_messages(
        &mut self,
        db: &mut PgConnection,
        deleted: &[(MessageKey, i64)],
    ) -> Result<(), ProjectionError> {
        let messages: Vec<MessageKey> = deleted.iter().map(|(message, _)| *message).collect();
        for row in &mut self.rows {
            redact(row, &messages);
        }
        let ids: Vec<Uuid> = messages.iter().map(|key| key.message.0).collect();
        let teams: Vec<Uuid> = messages.iter().map(|key| key.team.0).collect();
        let stored = sqlx::query(
            "SELECT scope, position, ordinal, notice FROM feed WHERE position IN (\
                 SELECT unnest($3::bigint[]) UNION SELECT r.position FROM unnest($1::uuid[], $2::uuid[]) AS n(uid, team) \
                     JOIN retold r ON r.message = n.uid AND r.team = n.team)",
        )
        .bind(&ids)
        .bind(&teams)
        .bind(deleted.iter().map(|(_, since)| *since).collect::<Vec<_>>())
        .fetch_all(&mut *db)
        .await?;
        for stored in &stored {
            let mut row: FeedRow = serde_json::from_slice(stored.get("notice"))?;
            if redact(&mut row, &messages) {
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
        sqlx::query(
            "DELETE FROM retold r USING unnest($1::uuid[], $2::uuid[]) AS n(uid, team) \
             WHERE r.message = n.uid AND r.team = n.team",
        )
        .bind(ids)
        .bind(teams)
        .execute(db)
        .await?;
        Ok(())
    }

    /// Stores the rows and returns them encoded for the bus, each with its scope; `None` if the cutoff left some out.
    pub(crate) async fn store(
        mut self,
        db: &mut PgConnection,
    ) -> Result<Option<Vec<(Uuid, Box<RawValue>)>>, sqlx::Error> {
        // Waves apply events out of log order.
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

/// Removes the content from a notice of one of these messages; false if it is not such a notice.
fn redact(row: &mut FeedRow, deleted: &[MessageKey]) -> bool {
    match &mut row.notice {
        Notice::MessageUpdated { message, .. } if deleted.contains(&message.key()) => {
            message.withdraw();
            true
        }
        _ => false,
    }
}

const INSERT: &str = "INSERT INTO feed (scope, position, ordinal, at, notice) \
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::timestamptz[], $5::bytea[])";

async fn insert(
    db: &mut PgConnection,
    rows: &[FeedRow],
    encoded: &[(Uuid, Box<RawValue>)],
) -> Result<(), sqlx::Error> {
    sqlx::query(INSERT)
        .bind(rows.iter().map(|row| row.scope.uuid()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.position.cast_signed()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.ordinal.cast_signed()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.at).collect::<Vec<_>>())
        .bind(encoded.iter().map(|(_, row)| row.get().as_bytes()).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}
