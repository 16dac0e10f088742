//! The schemas `read` and `ops`.
//!
//! `read` follows from the log, so it has no migrations: a version with different tables drops it, and the projection fills
//! it from the beginning. `ops` does not follow from the log, and is migrated step by step.

use event_log::apply_idempotent_schema;
use events::Position;
use sha2::{Digest, Sha256};
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, PgPool, SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    postgres::PgConnectOptions,
};
use std::sync::LazyLock;

/// The schema of the served read model.
pub const READ_SCHEMA: &str = "read";

/// The tables of the read model, one file for each noun.
const READ: [&str; 21] = [
    include_str!("../tables/text.sql"),
    include_str!("../tables/checkpoint.sql"),
    include_str!("../tables/parked.sql"),
    include_str!("../tables/account.sql"),
    include_str!("../tables/device.sql"),
    include_str!("../tables/session.sql"),
    include_str!("../tables/team.sql"),
    include_str!("../tables/usage.sql"),
    include_str!("../tables/contact.sql"),
    include_str!("../tables/section.sql"),
    include_str!("../tables/invitation.sql"),
    include_str!("../tables/integration.sql"),
    include_str!("../tables/chat.sql"),
    include_str!("../tables/message.sql"),
    include_str!("../tables/upload.sql"),
    include_str!("../tables/reading.sql"),
    include_str!("../tables/task.sql"),
    include_str!("../tables/tag.sql"),
    include_str!("../tables/remind.sql"),
    include_str!("../tables/feed.sql"),
    include_str!("../tables/erasure.sql"),
];

/// The index that is made once the tables are full: see [`complete`].
const READ_LAST: &str = include_str!("../tables/search.sql");

/// Migrations of `ops`, in order. A released entry never changes.
const OPS: [(i64, &str, &str); 8] = [
    (1, "tables", include_str!("../migrations/0001_tables.sql")),
    (2, "rebuild", include_str!("../migrations/0002_rebuild.sql")),
    (3, "withdrawn", include_str!("../migrations/0003_withdrawn.sql")),
    (4, "confirmed", include_str!("../migrations/0004_confirmed.sql")),
    (5, "answers_of", include_str!("../migrations/0005_answers_of.sql")),
    (6, "webhook_turns", include_str!("../migrations/0006_webhook_turns.sql")),
    (7, "session_seen", include_str!("../migrations/0007_session_seen.sql")),
    (8, "withdrawn_of_teams", include_str!("../migrations/0008_withdrawn_of_teams.sql")),
];

/// The table of schemas with the past of teams.
const PAST_TABLES: &str = "
    CREATE SCHEMA IF NOT EXISTS past;
    CREATE TABLE IF NOT EXISTS past.scratch (
        schema text PRIMARY KEY,
        fingerprint text NOT NULL,
        made timestamptz NOT NULL DEFAULT now(),
        used timestamptz NOT NULL DEFAULT now()
    );
    -- Deletions of the team whose messages were taken out of the schema.
    ALTER TABLE past.scratch ADD COLUMN IF NOT EXISTS deletions bigint NOT NULL DEFAULT -1";

/// The advisory lock of schema changes: any number that nothing else locks.
const TURN: i64 = 0x7665_6368_6521;

/// Connections whose unqualified table names mean `schema`, so that one set of statements serves several read models.
pub fn inside(options: PgConnectOptions, schema: &str) -> PgConnectOptions {
    options.options([("search_path", schema)])
}

/// Brings both schemas up to date. Safe to run in several processes at once.
///
/// If the tables are of another version, the read model is dropped, and queries fail with
/// [`crate::QueryError::Rebuilding`] until the projection reaches `head`.
///
/// # Errors
/// Postgres is not available, or a migration was changed after it had been applied.
pub async fn migrate(pool: &PgPool, head: Position) -> Result<(), MigrateError> {
    migrate_ops(pool).await?;
    let mut transaction = pool.begin().await?;
    take_turn(&mut transaction).await?;
    if found(&mut transaction, READ_SCHEMA).await?.as_deref() != Some(wanted()) {
        make(&mut transaction, head).await?;
    }
    transaction.commit().await?;
    Ok(apply_idempotent_schema(pool, "past", TURN, PAST_TABLES).await?)
}

/// Drops the read model and makes an empty one; `ops` stays. Queries fail with [`crate::QueryError::Rebuilding`] until the
/// projection reaches `until`.
pub async fn recreate(pool: &PgPool, until: Position) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    take_turn(&mut transaction).await?;
    make(&mut transaction, until).await?;
    transaction.commit().await
}

async fn make(db: &mut PgConnection, until: Position) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE ops.rebuild SET until = $1").bind(until.cast_signed()).execute(&mut *db).await?;
    fill_schema(db, READ_SCHEMA).await
}

/// Makes an empty read model next to the served one, unless this version has already begun it.
pub async fn begin_beside(db: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    let mut transaction = db.begin().await?;
    take_turn(&mut transaction).await?;
    if found(&mut transaction, schema).await?.as_deref() != Some(wanted()) {
        fill_schema(&mut transaction, schema).await?;
    }
    transaction.commit().await
}

/// Takes the lock of schema changes until the transaction ends.
pub async fn take_turn(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(TURN).execute(db).await?;
    Ok(())
}

/// Makes the index of words unless it exists. It is made when the tables are full; a search before that scans all messages.
pub async fn complete(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    if is_complete(db).await? {
        return Ok(());
    }
    let mut transaction = db.begin().await?;
    take_turn(&mut transaction).await?;
    // The index must be made however long it takes. Another process may have made it meanwhile: the statement checks again with
    // the table locked, since a name that was resolved before the lock would still count as missing.
    sqlx::raw_sql("SET LOCAL statement_timeout = 0").execute(&mut *transaction).await?;
    sqlx::raw_sql(READ_LAST).execute(&mut *transaction).await?;
    transaction.commit().await
}

async fn is_complete(db: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT to_regclass('message_search') IS NOT NULL").fetch_one(db).await
}

/// The position up to which the read model is being rebuilt.
pub async fn wanted_position(db: &mut PgConnection) -> Result<Position, sqlx::Error> {
    let until: i64 = sqlx::query_scalar("SELECT until FROM ops.rebuild").fetch_one(db).await?;
    Ok(until.cast_unsigned())
}

/// Replaces a schema by the empty tables of a read model, within a transaction. If services have database roles of their own,
/// the projection's role owns the schema, and the others may read it.
pub async fn fill_schema(db: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    let roles: bool =
        sqlx::query_scalar("SELECT to_regproc('ops.maker_of') IS NOT NULL").fetch_one(&mut *db).await?;
    if roles {
        let become_maker = "SELECT set_config('role', ops.maker_of($1), true)";
        sqlx::query(become_maker).bind(schema).execute(&mut *db).await?;
    }
    let anew = format!(
        "DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}; SET LOCAL search_path TO {schema}"
    );
    sqlx::raw_sql(AssertSqlSafe(anew)).execute(&mut *db).await?;
    for tables in READ {
        sqlx::raw_sql(tables).execute(&mut *db).await?;
    }
    // The version of the tables.
    sqlx::raw_sql("CREATE TABLE shape (fingerprint text NOT NULL)").execute(&mut *db).await?;
    sqlx::query("INSERT INTO shape VALUES ($1)").bind(wanted()).execute(&mut *db).await?;
    if roles {
        sqlx::query("SELECT ops.admit($1)").bind(schema).execute(&mut *db).await?;
        sqlx::raw_sql("SET LOCAL ROLE NONE").execute(db).await?;
    }
    Ok(())
}

/// Whether the tables of a connection are of this version: another one may have replaced them.
///
/// # Errors
/// Postgres failed, or there are no tables.
pub async fn is_ours(db: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let found: String = sqlx::query_scalar("SELECT fingerprint FROM shape").fetch_one(db).await?;
    Ok(found == wanted())
}

async fn found(db: &mut PgConnection, schema: &str) -> Result<Option<String>, sqlx::Error> {
    let known: bool = sqlx::query_scalar("SELECT to_regclass($1 || '.shape') IS NOT NULL")
        .bind(schema)
        .fetch_one(&mut *db)
        .await?;
    if !known {
        return Ok(None);
    }
    let ask = format!("SELECT fingerprint FROM {schema}.shape");
    sqlx::query_scalar(AssertSqlSafe(ask)).fetch_optional(db).await
}

/// The fingerprint of this version's tables.
pub fn wanted() -> &'static str {
    &WANTED
}

static WANTED: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    READ.iter().chain([&READ_LAST]).for_each(|tables| hash.update(tables));
    hex::encode(hash.finalize())
});

async fn migrate_ops(pool: &PgPool) -> Result<(), MigrateError> {
    let migration = |(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(OPS.iter().map(migration).collect());
    migrator.dangerous_set_table_name("ops.migrations");
    migrator.create_schema("ops");
    event_log::apply_migrations(pool, &migrator, "ops.migrations").await
}
