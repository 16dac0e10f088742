//! Applies schemas made of statements that are safe to repeat.
//!
//! The statements run only when they differ from those of the last run: even a statement that changes nothing locks its table
//! and would block a running product.

use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

/// Creates or updates a schema. Processes that run it at the same time take turns by the advisory lock `lock`. The hash of the
/// statements is kept as the schema's comment.
///
/// # Errors
/// [`sqlx::Error`] if Postgres fails; nothing is changed then.
pub async fn apply(
    pool: &PgPool,
    schema: &'static str,
    lock: i64,
    statements: &'static str,
) -> Result<(), sqlx::Error> {
    let hash = hex::encode(Sha256::digest(statements));
    let mut transaction = pool.begin().await?;
    if is_current(&mut transaction, schema, &hash).await? {
        return Ok(());
    }
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(lock).execute(&mut *transaction).await?;
    if is_current(&mut transaction, schema, &hash).await? {
        return Ok(());
    }
    sqlx::raw_sql(statements).execute(&mut *transaction).await?;
    let remember = format!("COMMENT ON SCHEMA {schema} IS '{hash}'");
    sqlx::raw_sql(AssertSqlSafe(remember)).execute(&mut *transaction).await?;
    transaction.commit().await
}

async fn is_current(db: &mut PgConnection, schema: &str, hash: &str) -> Result<bool, sqlx::Error> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT obj_description(to_regnamespace($1), 'pg_namespace')")
            .bind(schema)
            .fetch_one(db)
            .await?;
    Ok(found.as_deref() == Some(hash))
}
