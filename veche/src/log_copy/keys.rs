//! Copies the keys of personal values, without which nobody could read the history.

use crate::failure::Failure;
use sqlx::PgPool;

/// Number of keys per statement.
const PAGE: i64 = 1_000;

/// Adds the keys that the target lacks, and destroys in the target the keys of erased subjects.
pub(super) async fn copy(from: &PgPool, to: &PgPool) -> Result<u64, Failure> {
    let mut after = String::new();
    let mut copied = 0;
    loop {
        let page: Vec<(String, Option<String>, String, Option<String>)> = sqlx::query_as(
            "SELECT subject, wrapped, created_at::text, destroyed_at::text FROM keys.data_keys \
             WHERE subject > $1 ORDER BY subject LIMIT $2",
        )
        .bind(&after)
        .bind(PAGE)
        .fetch_all(from)
        .await?;
        let Some(last) = page.last() else { return Ok(copied) };
        after = last.0.clone();
        for (subject, wrapped, created, destroyed) in page {
            let done = sqlx::query(
                "INSERT INTO keys.data_keys AS k (subject, wrapped, created_at, destroyed_at) \
                 VALUES ($1, $2, $3::timestamptz, $4::timestamptz) ON CONFLICT (subject) DO UPDATE \
                 SET wrapped = NULL, destroyed_at = excluded.destroyed_at \
                 WHERE excluded.destroyed_at IS NOT NULL AND k.destroyed_at IS NULL",
            )
            .bind(subject)
            .bind(wrapped)
            .bind(created)
            .bind(destroyed)
            .execute(to)
            .await?;
            copied += done.rows_affected();
        }
    }
}
