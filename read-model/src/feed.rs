//! The feed: the notices of each scope, in order and without gaps; the source of truth of every websocket.

use crate::{QueryError, ReadModel, Result};
use events::{ContactId, GroupId, Position};
use protocol::{
    FeedPosition,
    notice::{FeedRow, Scope},
};
use sqlx::Row;
use std::collections::HashSet;
use uuid::Uuid;

/// The result of reading the feed.
#[derive(Debug)]
pub enum FeedRead {
    /// The next rows.
    Page(FeedPage),
    /// The feed floor has passed the position: some of the next rows were pruned.
    Forgotten {
        /// The position of the read model, from which the feed is complete.
        head: Position,
    },
}

/// A part of the feed.
#[derive(Debug)]
pub struct FeedPage {
    pub rows: Vec<FeedRow>,
    /// The position up to which these rows are complete.
    pub reached: FeedPosition,
    /// The end of the feed is reached.
    pub is_last: bool,
}

/// The next rows of a few scopes: one index scan for each.
const OF_FEW: &str = "SELECT c.position AS head, k.position AS floor, r.notice \
    FROM checkpoint c CROSS JOIN feed_floor k LEFT JOIN LATERAL (\
        SELECT f.* FROM unnest($1::uuid[]) AS s (scope) CROSS JOIN LATERAL (\
            SELECT notice, position, ordinal FROM feed \
            WHERE scope = s.scope AND (position, ordinal) > ($2, $3) ORDER BY position, ordinal LIMIT $4) f \
        ORDER BY position, ordinal LIMIT $4) r ON true ORDER BY r.position, r.ordinal";

/// The next rows of many scopes: one scan of the end of the feed.
const OF_MANY: &str = "SELECT c.position AS head, k.position AS floor, r.notice \
    FROM checkpoint c CROSS JOIN feed_floor k LEFT JOIN LATERAL (\
        SELECT notice, position, ordinal FROM feed \
        WHERE (position, ordinal) > ($2, $3) AND scope = ANY($1) ORDER BY position, ordinal LIMIT $4) r ON true \
    ORDER BY r.position, r.ordinal";

/// Maximum number of scopes for [`OF_FEW`].
const FEW: usize = 320;

/// The feed of notices, ordered within each scope.
#[derive(Clone, Copy, Debug)]
pub struct Feed<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// The feed of notices, ordered within each scope.
    pub fn feed(&self) -> Feed<'_> {
        Feed(self)
    }
}

impl Feed<'_> {
    /// The rows of scopes after a position, in order, at most `limit`.
    pub async fn page(self, scopes: &[Scope], after: FeedPosition, limit: i64) -> Result<FeedRead> {
        let ids: Vec<Uuid> = scopes.iter().map(Scope::uuid).collect();
        let rows = sqlx::query(if ids.len() <= FEW { OF_FEW } else { OF_MANY })
            .bind(&ids)
            .bind(after.position.cast_signed())
            .bind(after.ordinal.cast_signed())
            .bind(limit)
            .fetch_all(&self.0.pool)
            .await?;
        let first = rows.first().ok_or(QueryError::Damaged("checkpoint"))?;
        let head = first.get::<i64, _>("head").cast_unsigned();
        if after < FeedPosition::end_of(first.get::<i64, _>("floor").cast_unsigned()) {
            return Ok(FeedRead::Forgotten { head });
        }
        let rows = rows
            .iter()
            .filter_map(|row| row.get::<Option<Vec<u8>>, _>("notice"))
            .map(|row| serde_json::from_slice(&row).map_err(|_| QueryError::Damaged("feed.notice")))
            .collect::<Result<Vec<FeedRow>>>()?;
        let full = i64::try_from(rows.len()).is_ok_and(|read| read >= limit);
        let last = rows.last().map_or(after, FeedRow::feed_position);
        let reached = if full { last } else { FeedPosition::end_of(head).max(last) };
        Ok(FeedRead::Page(FeedPage { rows, reached, is_last: !full }))
    }

    /// The groups that a contact was in at a position; valid above the feed floor.
    pub async fn groups_at(self, contact: ContactId, point: FeedPosition) -> Result<HashSet<GroupId>> {
        let found: Vec<Uuid> = sqlx::query_scalar(
            "SELECT chat FROM feed_member WHERE contact = $1 AND (since_position, since_ordinal) <= ($2, $3) \
                 AND (until_position IS NULL OR (until_position, until_ordinal) > ($2, $3))",
        )
        .bind(contact.0)
        .bind(point.position.cast_signed())
        .bind(point.ordinal.cast_signed())
        .fetch_all(&self.0.pool)
        .await?;
        Ok(found.into_iter().map(GroupId).collect())
    }
}
