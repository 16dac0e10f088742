//! A schema whose statements are all safe to repeat, brought up to date by running them, but not again where the same ones were
//! run before: a statement that changes nothing locks its table nevertheless, and every command beside a running product
//! would be in the way of who writes there.

use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

/// Creates or updates a schema; safe to run from many processes at once, which take turns by `lock`. What was run is
/// remembered as the schema's comment.
///
/// # Errors
/// The database failed.
pub async fn bring_up(
    pool: &PgPool,
    schema: &'static str,
    lock: i64,
    statements: &'static str,
) -> Result<(), sqlx::Error> {
    let wanted = hex::encode(Sha256::digest(statements));
    let mut transaction = pool.begin().await?;
    if is_up(&mut transaction, schema, &wanted).await? {
        return Ok(());
    }
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(lock).execute(&mut *transaction).await?;
    if is_up(&mut transaction, schema, &wanted).await? {
        return Ok(());
    }
    sqlx::raw_sql(statements).execute(&mut *transaction).await?;
    let remember = format!("COMMENT ON SCHEMA {schema} IS '{wanted}'");
    sqlx::raw_sql(AssertSqlSafe(remember)).execute(&mut *transaction).await?;
    transaction.commit().await
}

async fn is_up(db: &mut PgConnection, schema: &str, wanted: &str) -> Result<bool, sqlx::Error> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT obj_description(to_regnamespace($1), 'pg_namespace')")
            .bind(schema)
            .fetch_one(db)
            .await?;
    Ok(found.as_deref() == Some(wanted))
}
