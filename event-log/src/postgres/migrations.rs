//! Migrations of the schema `log`, embedded. Their table is `log.migrations`, so that other schemas of the database
//! keep theirs.

use sqlx::{
    AssertSqlSafe, PgPool, SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};
use std::collections::BTreeMap;

/// In order; a released entry never changes.
const MIGRATIONS: [(i64, &str, &str); 2] = [
    (1, "log", include_str!("../../migrations/0001_log.sql")),
    (2, "recorded at", include_str!("../../migrations/0002_recorded_at.sql")),
];

/// Applies pending migrations under the advisory lock that all migrators of one database share.
pub(super) async fn run(pool: &PgPool) -> Result<(), MigrateError> {
    let migrations = MIGRATIONS.map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.into());
    migrator.dangerous_set_table_name("log.migrations");
    migrator.create_schema("log");
    apply(pool, &migrator, "log.migrations").await
}

/// Applies the pending migrations of a schema. If none is pending it takes no lock and needs no right to change the
/// schema: the services' roles have none.
///
/// # Errors
/// Postgres is not available, or a released migration was changed after it was applied.
pub async fn apply(pool: &PgPool, migrator: &Migrator, table: &'static str) -> Result<(), MigrateError> {
    if is_applied(pool, migrator, table).await? { Ok(()) } else { migrator.run(pool).await }
}

async fn is_applied(pool: &PgPool, migrator: &Migrator, table: &str) -> Result<bool, MigrateError> {
    let known: bool =
        sqlx::query_scalar("select to_regclass($1) is not null").bind(table).fetch_one(pool).await?;
    if !known {
        return Ok(false);
    }
    let ask = format!("select version, checksum from {table} where success");
    let applied: Vec<(i64, Vec<u8>)> = sqlx::query_as(AssertSqlSafe(ask)).fetch_all(pool).await?;
    let applied: BTreeMap<i64, Vec<u8>> = applied.into_iter().collect();
    let is_there =
        |wanted: &Migration| applied.get(&wanted.version).is_some_and(|sum| sum[..] == wanted.checksum[..]);
    Ok(applied.len() == migrator.iter().count() && migrator.iter().all(is_there))
}
