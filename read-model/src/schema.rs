//! Schemas `read` and `ops`, made and brought up to date here.
//!
//! What is in `read` can be made anew from the log, so it has no migrations: a program whose tables differ from those
//! it finds drops them all, and the projection fills them again from the beginning. What is in `ops` cannot, and is
//! migrated step by step.

use event_log::apply_idempotent_schema;
use events::Position;
use sha2::{Digest, Sha256};
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, PgPool, SqlSafeStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    postgres::PgConnectOptions,
};
use std::sync::LazyLock;

/// Where the read model that is served lives.
pub const READ_SCHEMA: &str = "read";

/// Tables of the read model, a file a noun.
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

/// What is made once the tables are full, see [`complete`].
const READ_LAST: &str = include_str!("../tables/search.sql");

/// Of what services remember beside the log, in order; an entry never changes once it is released.
const OPS: [(i64, &str, &str); 7] = [
    (1, "tables", include_str!("../migrations/0001_tables.sql")),
    (2, "rebuild", include_str!("../migrations/0002_rebuild.sql")),
    (3, "withdrawn", include_str!("../migrations/0003_withdrawn.sql")),
    (4, "confirmed", include_str!("../migrations/0004_confirmed.sql")),
    (5, "answers_of", include_str!("../migrations/0005_answers_of.sql")),
    (6, "webhook_turns", include_str!("../migrations/0006_webhook_turns.sql")),
    (7, "session_seen", include_str!("../migrations/0007_session_seen.sql")),
];

/// Makes processes that start at once take turns; any number that nothing else here locks.
const TURN: i64 = 0x7665_6368_6521;

/// Connections that find the tables of the read model in `schema`: SQL here and in the projections names them without
/// one, so that a second read model can be filled or asked beside the one that is served.
pub fn inside(options: PgConnectOptions, schema: &str) -> PgConnectOptions {
    options.options([("search_path", schema)])
}

/// Brings both schemas up to date. Safe to run from several processes at once.
///
/// Where the tables found are not the ones of this program, the read model starts over, and nobody is let in until the
/// projection has come to `head`, where the log stands: see [`crate::QueryError::Rebuilding`].
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
    Ok(apply_idempotent_schema(pool, "past", TURN, crate::past::TABLES).await?)
}

/// Drops the read model and makes it anew, empty; what is in `ops` stays. Until the projection has come to `until`, nobody
/// is let in: see [`crate::QueryError::Rebuilding`].
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

/// Begins a read model beside the one that is served, empty; one that this program has begun before is gone on with.
pub async fn begin_beside(db: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    let mut transaction = db.begin().await?;
    take_turn(&mut transaction).await?;
    if found(&mut transaction, schema).await?.as_deref() != Some(wanted()) {
        fill_schema(&mut transaction, schema).await?;
    }
    transaction.commit().await
}

/// Takes the turn of those who change schemas, until the transaction ends.
pub async fn take_turn(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(TURN).execute(db).await?;
    Ok(())
}

/// Makes what only queries need, if it is not there yet: the index of words. Whoever fills tables does so when they are full;
/// a search before that reads all messages.
pub async fn complete(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    if is_complete(db).await? {
        return Ok(());
    }
    let mut transaction = db.begin().await?;
    take_turn(&mut transaction).await?;
    // However long it takes, it has to be done. Another process may have done it by now: the statement asks once more, with the
    // table locked, since a name that was looked for before the turn came would still be taken for unknown.
    sqlx::raw_sql("SET LOCAL statement_timeout = 0").execute(&mut *transaction).await?;
    sqlx::raw_sql(READ_LAST).execute(&mut *transaction).await?;
    transaction.commit().await
}

async fn is_complete(db: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT to_regclass('message_search') IS NOT NULL").fetch_one(db).await
}

/// Up to where the read model is being made anew: see [`crate::QueryError::Rebuilding`].
pub async fn wanted_position(db: &mut PgConnection) -> Result<Position, sqlx::Error> {
    let until: i64 = sqlx::query_scalar("SELECT until FROM ops.rebuild").fetch_one(db).await?;
    Ok(until.cast_unsigned())
}

/// Makes the tables of a read model, empty, in a schema of this name, instead of what was in it. Inside a transaction; where the
/// services have database roles of their own, it belongs to the one whose business it is, and the others may read it.
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
    // By which program's tables these are.
    sqlx::raw_sql("CREATE TABLE shape (fingerprint text NOT NULL)").execute(&mut *db).await?;
    sqlx::query("INSERT INTO shape VALUES ($1)").bind(wanted()).execute(&mut *db).await?;
    if roles {
        sqlx::query("SELECT ops.admit($1)").bind(schema).execute(&mut *db).await?;
        sqlx::raw_sql("SET LOCAL ROLE NONE").execute(db).await?;
    }
    Ok(())
}

/// Whether the tables that a connection finds are those of this program: another one may have put its own in their place.
///
/// # Errors
/// Postgres is not available, or there are no tables at all.
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

/// Names this program's tables.
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
