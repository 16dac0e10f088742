//! The feed: what each scope was told, in order and without holes; the truth behind every websocket.

use crate::{QueryError, ReadModel, Result};
use protocol::notice::{FeedRow, Scope};
use sqlx::Row;
use std::collections::HashMap;
use uuid::Uuid;

impl ReadModel {
    /// The rows of a scope behind a sequence number, oldest first, `limit` at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn feed(&self, scope: Scope, after: i64, limit: i64) -> Result<Vec<FeedRow>> {
        let rows: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT notice FROM read.feed WHERE scope = $1 AND seq > $2 ORDER BY seq LIMIT $3")
                .bind(scope.uuid())
                .bind(after)
                .bind(limit)
                .fetch_all(&self.pool)
                .await?;
        rows.iter().map(|row| serde_json::from_slice(row).map_err(|_| QueryError::Damaged("feed.notice"))).collect()
    }

    /// The newest sequence numbers of scopes; 0 for those that were never told anything.
    ///
    /// # Errors
    /// The database failed.
    pub async fn feed_heads(&self, scopes: &[Scope]) -> Result<HashMap<Uuid, i64>> {
        let ids: Vec<Uuid> = scopes.iter().map(Scope::uuid).collect();
        let rows = sqlx::query("SELECT scope, seq FROM read.feed_scope WHERE scope = ANY($1)")
            .bind(&ids)
            .fetch_all(&self.pool)
            .await?;
        let mut heads: HashMap<Uuid, i64> = ids.into_iter().map(|id| (id, 0)).collect();
        heads.extend(rows.iter().map(|row| (row.get::<Uuid, _>("scope"), row.get::<i64, _>("seq"))));
        Ok(heads)
    }
}
