//! Read models of the past: scratch schemas with one team as it was, made when somebody asks and dropped when nobody has
//! for a while. `past.scratch` knows them; all of it can be lost at any time.

mod withheld;

use crate::{
    ReadModel,
    schema::{READ_SCHEMA, wanted},
};
use chrono::TimeDelta;
use event_log::ReadError;
use event_log::as_of::AsOfError;
use events::{Position, TeamId};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::error::Error;

/// One that was used within this time is not dropped to make room.
const IN_USE: TimeDelta = TimeDelta::seconds(10);
/// However much it is used, none gets older: who is erased meanwhile is in none for longer.
const OLDEST: TimeDelta = TimeDelta::minutes(15);

/// Why the past cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// It is not offered here.
    #[error("the past is not offered")]
    Off,
    /// It has yet to come.
    #[error("that has yet to come")]
    Future,
    /// Too much has happened to the team by then.
    #[error("more than {0} events")]
    TooMuch(u64),
    /// Others are being served; later it may work.
    #[error("too much of the past is asked for at once")]
    Busy,
    /// Log or database failed.
    #[error(transparent)]
    Failed(Box<dyn Error + Send + Sync>),
}

impl PastError {
    /// Log or database failed.
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ReadError> for PastError {
    fn from(error: ReadError) -> Self {
        Self::failed(error)
    }
}

impl From<sqlx::Error> for PastError {
    fn from(error: sqlx::Error) -> Self {
        Self::failed(error)
    }
}

impl From<AsOfError> for PastError {
    fn from(error: AsOfError) -> Self {
        match error {
            AsOfError::Future => Self::Future,
            AsOfError::Read(error) => Self::failed(error),
            AsOfError::Index(error) => Self::failed(error),
        }
    }
}

/// The schema with a team as it was at a position.
pub fn schema_of(team: TeamId, position: Position) -> String {
    format!("past_{}_{position}", team.0.simple())
}

/// Says that a schema is used now; false if it is not there.
pub async fn touch(db: &mut PgConnection, schema: &str) -> Result<bool, sqlx::Error> {
    let touched = sqlx::query("UPDATE past.scratch SET used = now() WHERE schema = $1 AND fingerprint = $2")
        .bind(schema)
        .bind(wanted())
        .execute(db)
        .await?;
    Ok(touched.rows_affected() == 1)
}

/// Lets nobody else make or drop this one until the transaction ends.
pub async fn lock(db: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))").bind(schema).execute(db).await?;
    Ok(())
}

/// Ends the making of one: what depends on what happened elsewhere is taken from the rows that are served, and from here
/// on it is there for all.
pub async fn finish(db: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    // Colours go round among all teams and accounts, of which only one is here; they never change.
    for table in ["team", "contact"] {
        let colour = format!(
            "UPDATE {schema}.{table} t SET colour = s.colour FROM {READ_SCHEMA}.{table} s WHERE s.uid = t.uid"
        );
        sqlx::query(AssertSqlSafe(colour)).execute(&mut *db).await?;
    }
    sqlx::query(
        "INSERT INTO past.scratch (schema, fingerprint) VALUES ($1, $2) ON CONFLICT (schema) DO UPDATE \
         SET fingerprint = excluded.fingerprint, made = now(), used = now(), deletions = -1",
    )
    .bind(schema)
    .bind(wanted())
    .execute(db)
    .await?;
    Ok(())
}

/// Makes room for one more; false if all are in use.
pub async fn make_room(pool: &PgPool, most: u32) -> Result<bool, sqlx::Error> {
    loop {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM past.scratch").fetch_one(pool).await?;
        if count < i64::from(most) {
            return Ok(true);
        }
        if !drop_one(pool, IN_USE, OLDEST).await? {
            return Ok(false);
        }
    }
}

/// Drops those that nobody has used for as long as `idle`, and those that are too old.
pub async fn sweep(pool: &PgPool, idle: TimeDelta) -> Result<(), sqlx::Error> {
    while drop_one(pool, idle, OLDEST).await? {}
    Ok(())
}

/// Drops all of them: what they show may have been erased.
pub async fn forget_all(pool: &PgPool) -> Result<(), sqlx::Error> {
    while drop_one(pool, TimeDelta::zero(), TimeDelta::zero()).await? {}
    Ok(())
}

/// Drops the one that was used longest ago, if that is long enough; false if there is none.
async fn drop_one(pool: &PgPool, idle: TimeDelta, oldest: TimeDelta) -> Result<bool, sqlx::Error> {
    const OLD: &str =
        "(used <= now() - $1::float8 * interval '1 s' OR made <= now() - $2::float8 * interval '1 s')";
    let (idle, oldest) = (idle.num_seconds() as f64, oldest.num_seconds() as f64);
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let find = format!("SELECT schema FROM past.scratch WHERE {OLD} ORDER BY used LIMIT 1");
    let found: Option<String> = sqlx::query_scalar(AssertSqlSafe(find))
        .bind(idle)
        .bind(oldest)
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(schema) = found else { return Ok(false) };
    // In the order of those who make one: first the lock, then the row.
    lock(&mut transaction, &schema).await?;
    let forget = format!("DELETE FROM past.scratch WHERE {OLD} AND schema = $3");
    let forgotten = sqlx::query(AssertSqlSafe(forget))
        .bind(idle)
        .bind(oldest)
        .bind(&schema)
        .execute(&mut *transaction)
        .await?;
    if forgotten.rows_affected() > 0 {
        let drop = format!("DROP SCHEMA IF EXISTS {schema} CASCADE");
        sqlx::query(AssertSqlSafe(drop)).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

/// Schemas with teams as they were in the past.
#[derive(Clone, Copy, Debug)]
pub struct PastSchemas<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Schemas with teams as they were in the past.
    pub fn past_schemas(&self) -> PastSchemas<'_> {
        PastSchemas(self)
    }
}

impl PastSchemas<'_> {
    /// Says that a schema of the past is used now; false if it is not there.
    pub async fn touch(self, schema: &str) -> Result<bool, sqlx::Error> {
        touch(&mut *self.0.pool.acquire().await?, schema).await
    }
}
