//! Schemas `read` and `ops`: made and brought up to date here; `read` can also be dropped and made anew.

use events::Position;
use sqlx::{
    PgPool, SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

/// Of the read model, in order; an entry never changes once it is released.
const READ: [(i64, &str, &str); 1] = [(1, "tables", include_str!("../migrations/0001_tables.sql"))];

/// Of what services remember beside the log.
const OPS: [(i64, &str, &str); 2] = [
    (1, "tables", include_str!("../migrations/ops_0001_tables.sql")),
    (2, "rebuild", include_str!("../migrations/ops_0002_rebuild.sql")),
];

/// Brings both schemas up to date. Safe to run from several processes at once.
///
/// # Errors
/// Postgres is not available, or a migration was changed after it had been applied.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    apply(pool, "read", &READ).await?;
    apply(pool, "ops", &OPS).await
}

/// Drops the read model and makes it anew, empty; what is in `ops` stays. Until the projection has come to `until`, nobody
/// is let in: see [`crate::QueryError::Rebuilding`].
///
/// # Errors
/// Postgres is not available.
pub async fn recreate(pool: &PgPool, until: Position) -> Result<(), MigrateError> {
    sqlx::query("UPDATE ops.rebuild SET until = $1").bind(until.cast_signed()).execute(pool).await?;
    sqlx::query("DROP SCHEMA IF EXISTS read CASCADE").execute(pool).await?;
    apply(pool, "read", &READ).await
}

async fn apply(
    pool: &PgPool,
    schema: &'static str,
    steps: &[(i64, &'static str, &'static str)],
) -> Result<(), MigrateError> {
    let migrations: Vec<Migration> = steps
        .iter()
        .map(|(version, name, sql)| {
            Migration::new(*version, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false)
        })
        .collect();
    let mut migrator = Migrator::with_migrations(migrations);
    migrator.dangerous_set_table_name(format!("{schema}.migrations"));
    migrator.create_schema(schema);
    migrator.run(pool).await
}
