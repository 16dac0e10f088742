//! A second read model, filled beside the one that is served, compared with it, and put in its place.
//!
//! It never gets ahead of the one that is served: when it takes its place, all effects up to there are planned, and all
//! notices are told. It plans and tells nothing itself.

use crate::{
    Progress, ProjectionError, Projector, Telling, incoming::Incoming, parking::Skips, projector::BATCH,
};
use events::Position;
use platform::journal::Journal;
use read_model::{
    ReadModel,
    schema::{self, READ_SCHEMA},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::time::Duration;

/// Where it is filled.
pub const SHADOW_SCHEMA: &str = "read_next";
/// Where the one that was served is for the moment until it is dropped.
const OLD_SCHEMA: &str = "read_old";
/// How long a lock is waited for before others are let go first.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '2s'";
/// How often a lock is asked for.
const TRIES: u32 = 30;
/// How long others are let go first.
const REST: Duration = Duration::from_millis(200);
/// What Postgres says when a lock was not to be had in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// See the file's head.
pub struct Shadow {
    projector: Projector,
    served: ReadModel,
    db: PgConnection,
    skips: Skips,
    position: Position,
    events: u64,
}

/// Both read models at one position: all that is asked over the connection is of that moment.
pub struct Meeting {
    /// A transaction that is yet to end.
    pub db: PgConnection,
    /// Where both stand.
    pub position: Position,
}

impl Shadow {
    /// Begins one beside the read model that is served, or goes on with what was begun.
    ///
    /// # Errors
    /// Log or database failed.
    pub async fn open(journal: Journal, served: ReadModel) -> Result<Self, ProjectionError> {
        let projector = Projector::beside(journal, served.beside(SHADOW_SCHEMA, 1));
        let mut db = projector.connect().await?;
        schema::begin_beside(&mut db, SHADOW_SCHEMA).await?;
        let position = projector.checkpoint(&mut db).await?;
        let skips = Skips::load(&projector.journal).await?;
        Ok(Self { projector, served, db, skips, position, events: 0 })
    }

    /// The same, but not everybody needs to be told of everything once it is served.
    #[must_use]
    pub fn telling(mut self, telling: Telling) -> Self {
        self.projector = self.projector.telling(telling);
        self
    }

    /// Fills it until it stands where the one that is served does. Progress is told after every batch.
    ///
    /// # Errors
    /// Log or database failed; what was filled stays, and is gone on with.
    pub async fn fill(&mut self, mut tell: impl FnMut(Progress)) -> Result<Progress, ProjectionError> {
        loop {
            let head = self.served_position().await?;
            let grown = self.step(head).await?;
            let progress = Progress { position: self.position, head, events: self.events };
            tell(progress);
            if !grown {
                return Ok(progress);
            }
        }
    }

    async fn served_position(&self) -> Result<Position, ProjectionError> {
        let position: i64 =
            sqlx::query_scalar("SELECT position FROM checkpoint").fetch_one(self.served.pool()).await?;
        Ok(position.cast_unsigned())
    }

    /// One batch, not beyond `until`; false when it stands there.
    async fn step(&mut self, until: Position) -> Result<bool, ProjectionError> {
        let mut raw = self.projector.journal.log().read_all(self.position, BATCH).await?;
        raw.truncate(raw.iter().take_while(|event| event.position <= until).count());
        if raw.is_empty() {
            return Ok(false);
        }
        let count = raw.len() as u64;
        let events = Incoming::read(&self.projector.journal, raw).await?;
        match self.projector.apply(&mut self.db, self.position, &events, &self.skips).await? {
            Some(applied) => {
                self.position = applied.position;
                self.events += count;
            }
            // Somebody else fills it too, or has made it anew.
            None if !schema::is_ours(&mut self.db).await? => return Err(ProjectionError::AnotherProgram),
            None => self.position = self.projector.checkpoint(&mut self.db).await?,
        }
        Ok(true)
    }

    /// Stops the one that is served for as long as it takes to get where it stands, and then looks at both.
    ///
    /// # Errors
    /// Log or database failed.
    pub async fn meet(&mut self) -> Result<Meeting, ProjectionError> {
        let mut holder = self.projector.connect().await?;
        let mut held = holder.begin().await?;
        let position: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT position FROM {READ_SCHEMA}.checkpoint FOR UPDATE"
        )))
        .fetch_one(&mut *held)
        .await?;
        while self.step(position.cast_unsigned()).await? {}
        let mut db = self.projector.connect().await?;
        sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0")
            .execute(&mut db)
            .await?;
        // The first question fixes what is seen.
        sqlx::query("SELECT position FROM checkpoint").execute(&mut db).await?;
        held.rollback().await?;
        Ok(Meeting { db, position: self.position })
    }

    /// Puts it in the place of the one that is served. Whoever is asking meanwhile waits a moment and then asks the new
    /// one: by the lock on the checkpoint nobody sees half of each.
    ///
    /// # Errors
    /// Log or database failed, or somebody held on to the old one for too long; nothing has changed then.
    pub async fn switch(&mut self) -> Result<Position, ProjectionError> {
        self.drop_old().await?;
        let mut tries = 1;
        loop {
            match self.try_to_switch().await {
                Err(error) if is_busy(&error) && tries < TRIES => tries += 1,
                outcome => {
                    let position = outcome?;
                    self.drop_old().await?;
                    return Ok(position);
                }
            }
            tokio::time::sleep(REST).await;
        }
    }

    async fn try_to_switch(&mut self) -> Result<Position, ProjectionError> {
        let mut db = self.projector.connect().await?;
        sqlx::query("SET synchronous_commit = on").execute(&mut db).await?;
        let mut transaction = db.begin().await?;
        sqlx::query(LOCK_TIMEOUT).execute(&mut *transaction).await?;
        schema::take_turn(&mut transaction).await?;
        let lock = format!("LOCK TABLE {READ_SCHEMA}.checkpoint IN ACCESS EXCLUSIVE MODE");
        sqlx::query(AssertSqlSafe(lock)).execute(&mut *transaction).await?;
        let ask = format!("SELECT position FROM {READ_SCHEMA}.checkpoint");
        let position: i64 = sqlx::query_scalar(AssertSqlSafe(ask)).fetch_one(&mut *transaction).await?;
        while self.step(position.cast_unsigned()).await? {}
        if self.position != position.cast_unsigned() {
            return Err(ProjectionError::Ahead);
        }
        let rename = format!(
            "ALTER SCHEMA {READ_SCHEMA} RENAME TO {OLD_SCHEMA}; ALTER SCHEMA {SHADOW_SCHEMA} RENAME TO {READ_SCHEMA}"
        );
        sqlx::raw_sql(AssertSqlSafe(rename)).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(self.position)
    }

    /// Drops what was served before, once nobody reads it any more.
    async fn drop_old(&self) -> Result<(), ProjectionError> {
        let mut tries = 1;
        loop {
            let mut db = self.projector.connect().await?;
            let mut transaction = db.begin().await?;
            sqlx::query(LOCK_TIMEOUT).execute(&mut *transaction).await?;
            let drop = format!("DROP SCHEMA IF EXISTS {OLD_SCHEMA} CASCADE");
            let dropped = sqlx::query(AssertSqlSafe(drop)).execute(&mut *transaction).await;
            match dropped.map_err(ProjectionError::from) {
                Err(error) if is_busy(&error) && tries < TRIES => tries += 1,
                Err(error) => return Err(error),
                Ok(_) => return Ok(transaction.commit().await?),
            }
            tokio::time::sleep(REST).await;
        }
    }
}

fn is_busy(error: &ProjectionError) -> bool {
    matches!(error, ProjectionError::Database(sqlx::Error::Database(refused))
        if refused.code().as_deref() == Some(LOCK_NOT_AVAILABLE))
}
