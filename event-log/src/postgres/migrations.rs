//! The schema's history, embedded. Its table is `log.migrations`, so that other schemas of the database keep theirs.

use sqlx::{
    PgPool, SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

/// In order; an entry never changes once it is released.
const MIGRATIONS: [(i64, &str, &str); 2] = [
    (1, "log", include_str!("../../migrations/0001_log.sql")),
    (2, "recorded at", include_str!("../../migrations/0002_recorded_at.sql")),
];

/// Applies what is missing, under the advisory lock that all migrators of one database share.
pub(super) async fn run(pool: &PgPool) -> Result<(), MigrateError> {
    let migrations = MIGRATIONS.map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.into());
    migrator.dangerous_set_table_name("log.migrations");
    migrator.create_schema("log");
    migrator.run(pool).await
}
