//! The feed is kept for a while, for those who come back; what is older is forgotten, and the floor says up to where.

use chrono::{DateTime, Utc};
use read_model::ReadModel;

/// How much of the feed is kept.
#[derive(Clone, Copy, Debug)]
pub struct RetentionPolicy {
    /// Rows that are not older than this.
    pub not_before: Option<DateTime<Utc>>,
    /// So many of the newest rows.
    pub max_rows: Option<i64>,
}

/// Positions whose rows are deleted by one statement.
const STEP: i64 = 5_000;

/// Forgets what needs not be kept. First the floor rises, then rows go: whoever reads the feed sees either the rows or
/// that they are forgotten. Answers the floor.
///
/// # Errors
/// The database failed; what was not deleted is when this is called again.
pub async fn prune_feed(read: &ReadModel, policy: RetentionPolicy) -> Result<i64, sqlx::Error> {
    let pool = read.pool();
    let by_age: Option<i64> = match policy.not_before {
        None => None,
        // From the oldest row up to the first that is young enough: as many as there are to be deleted.
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
    let wanted = by_age.max(by_rows).unwrap_or(0);
    // Where no row is that old, nothing is forgotten, and the floor stays.
    let floor: i64 = sqlx::query_scalar(
        "UPDATE feed_floor SET position = CASE WHEN EXISTS (SELECT 1 FROM feed WHERE position <= $1) \
             THEN greatest(position, $1) ELSE position END RETURNING position",
    )
    .bind(wanted)
    .fetch_one(pool)
    .await?;
    delete(read, floor).await?;
    Ok(floor)
}

async fn delete(read: &ReadModel, floor: i64) -> Result<(), sqlx::Error> {
    let pool = read.pool();
    loop {
        let deleted = sqlx::query(
            "DELETE FROM feed WHERE position <= \
                 least($1, (SELECT position FROM feed ORDER BY position, ordinal LIMIT 1) + $2)",
        )
        .bind(floor)
        .bind(STEP)
        .execute(pool)
        .await?;
        if deleted.rows_affected() == 0 {
            break;
        }
    }
    sqlx::query("DELETE FROM feed_member WHERE until_position <= $1").bind(floor).execute(pool).await?;
    Ok(())
}
