//! Prunes the feed: old rows are deleted, and the feed floor says up to which position.

use chrono::{DateTime, Utc};
use read_model::ReadModel;

/// How much of the feed is kept; without a limit, everything.
#[derive(Clone, Copy, Debug)]
pub struct RetentionPolicy {
    /// Older rows are deleted.
    pub not_before: Option<DateTime<Utc>>,
    /// Maximum number of rows.
    pub max_rows: Option<i64>,
}

/// Positions that one statement deletes.
const DELETE_CHUNK: i64 = 5_000;

/// Deletes the rows beyond the limits and returns the new floor. The floor rises before rows are deleted, so a reader
/// finds either the rows or a floor above them. After an error, the next call deletes the rest.
pub async fn prune_feed(read: &ReadModel, policy: RetentionPolicy) -> Result<i64, sqlx::Error> {
    let pool = read.pool();
    let by_age: Option<i64> = match policy.not_before {
        None => None,
        // Scans from the oldest row, so it reads only the rows that are to be deleted.
        Some(since) => {
            sqlx::query_scalar(
                "SELECT coalesce(\
                     (SELECT position - 1 FROM feed WHERE at >= $1 ORDER BY position, ordinal LIMIT 1), \
                     (SELECT max(position) FROM feed))",
            )
            .bind(since)
            .fetch_one(pool)
            .await?
        }
    };
    let by_rows: Option<i64> = match policy.max_rows {
        None => None,
        Some(rows) => {
            sqlx::query_scalar(
                "SELECT position FROM feed ORDER BY position DESC, ordinal DESC OFFSET $1 LIMIT 1",
            )
            .bind(rows)
            .fetch_optional(pool)
            .await?
        }
    };
    let new_floor = by_age.max(by_rows).unwrap_or(0);
    // The floor rises only if there is a row to delete.
    let floor: i64 = sqlx::query_scalar(
        "UPDATE feed_floor SET position = CASE WHEN EXISTS (SELECT 1 FROM feed WHERE position <= $1) \
             THEN greatest(position, $1) ELSE position END RETURNING position",
    )
    .bind(new_floor)
    .fetch_one(pool)
    .await?;
    delete_up_to(read, floor).await?;
    Ok(floor)
}

async fn delete_up_to(read: &ReadModel, floor: i64) -> Result<(), sqlx::Error> {
    let pool = read.pool();
    loop {
        let deleted = sqlx::query(
            "DELETE FROM feed WHERE position <= \
                 least($1, (SELECT position FROM feed ORDER BY position, ordinal LIMIT 1) + $2)",
        )
        .bind(floor)
        .bind(DELETE_CHUNK)
        .execute(pool)
        .await?;
        if deleted.rows_affected() == 0 {
            break;
        }
    }
    sqlx::query("DELETE FROM feed_member WHERE until_position <= $1").bind(floor).execute(pool).await?;
    Ok(())
}
