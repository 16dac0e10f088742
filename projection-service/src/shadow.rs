//! The shadow: a second read model that is filled next to the served one, compared with it, and switched to.
//!
//! The shadow never gets ahead of the served read model, because only the latter plans effects and publishes notices: at the
//! switch, both have been done for every event that the shadow has applied.
//!
//! An operator may skip an event that the shadow has already applied, if its program was able to. Before the shadow is
//! compared or switched to, that is detected, and the shadow is filled again from the beginning.

use crate::{
    decoded::DecodedBatch,
    error::ProjectionError,
    prefetch,
    projector::{MAX_BATCH, NoticePolicy, Projector},
    rebuild::Progress,
    skips::Skips,
};
use events::Position;
use read_model::{
    ReadModel,
    schema::{self, READ_SCHEMA},
};
use secrets::journal::Journal;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::time::Duration;

/// The schema of the shadow.
pub const SHADOW_SCHEMA: &str = "read_next";
/// The schema of the formerly served read model, until it is dropped.
const OLD_SCHEMA: &str = "read_old";
/// Maximum wait for a lock; readers queue behind a waiting lock, so it is released and requested again.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '2s'";
/// Maximum attempts to get a lock.
const MAX_ATTEMPTS: u32 = 30;
/// Pause between attempts.
const PAUSE: Duration = Duration::from_millis(200);
/// Attempts to lock the old tables without waiting; with the pauses they take longer than a statement may.
const NOWAIT_ATTEMPTS: u32 = 100;
/// SQLSTATE of a lock that was not granted in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// A read model that is filled next to the served one.
pub struct Shadow {
    projector: Projector,
    served: ReadModel,
    db: PgConnection,
    skips: Skips,
    position: Position,
    events: u64,
}

/// A database snapshot in which both read models are at the same position.
pub struct ComparisonSnapshot {
    /// A connection inside a read-only transaction that sees the snapshot.
    pub db: PgConnection,
    /// The position of both.
    pub position: Position,
}

impl Shadow {
    /// Creates a shadow, or continues one that an earlier run has left.
    pub async fn open(journal: Journal, served: ReadModel) -> Result<Self, ProjectionError> {
        let projector = Projector::detached(journal, served.detached(SHADOW_SCHEMA, 1));
        let mut db = projector.connect().await?;
        schema::begin_beside(&mut db, SHADOW_SCHEMA).await?;
        let position = projector.checkpoint(&mut db).await?;
        let skips = Skips::default();
        let mut shadow = Self { projector, served, db, skips, position, events: 0 };
        match shadow.reload_skips().await {
            Err(ProjectionError::SkippedEventApplied) => shadow.restart().await?,
            outcome => outcome?,
        }
        Ok(shadow)
    }

    /// Loads the skipped events; [`ProjectionError::SkippedEventApplied`] if the shadow has applied one of them.
    async fn reload_skips(&mut self) -> Result<(), ProjectionError> {
        let journal = &self.projector.journal;
        self.skips = Skips::load(journal).await?;
        match self.skips.were_violated(journal, &mut self.db, self.position).await? {
            true => Err(ProjectionError::SkippedEventApplied),
            false => Ok(()),
        }
    }

    async fn restart(&mut self) -> Result<(), ProjectionError> {
        tracing::info!(
            "the new read model has applied events that were skipped since; it starts again from the beginning"
        );
        let mut transaction = self.db.begin().await?;
        schema::take_turn(&mut transaction).await?;
        schema::fill_schema(&mut transaction, SHADOW_SCHEMA).await?;
        transaction.commit().await?;
        self.position = 0;
        Ok(())
    }

    /// Sets which events produce notices in the shadow's feed; the default is every event.
    #[must_use]
    pub fn with_notices(mut self, notices: NoticePolicy) -> Self {
        self.projector = self.projector.with_notices(notices);
        self
    }

    /// Applies events until the shadow reaches the position of the served read model. `report` is called after every batch.
    /// After an error the rows stay, and a later call continues.
    pub async fn fill(&mut self, mut report: impl FnMut(Progress)) -> Result<Progress, ProjectionError> {
        loop {
            match self.try_to_fill(&mut report).await {
                Err(ProjectionError::SkippedEventApplied) => self.restart().await?,
                outcome => return outcome,
            }
        }
    }

    async fn try_to_fill(&mut self, report: &mut impl FnMut(Progress)) -> Result<Progress, ProjectionError> {
        loop {
            let head = self.served_position().await?;
            let mut batches = prefetch::batches(&self.projector.journal, self.position, head);
            let mut is_caught_up = true;
            while let Some(events) = batches.recv().await {
                is_caught_up = false;
                let was_first = self.apply_next(&events?).await?;
                report(Progress { position: self.position, head, events: self.events });
                if !was_first {
                    break;
                }
            }
            if is_caught_up {
                self.reload_skips().await?;
                schema::complete(&mut self.db).await?;
                return Ok(Progress { position: self.position, head, events: self.events });
            }
        }
    }

    async fn served_position(&self) -> Result<Position, ProjectionError> {
        let position: i64 =
            sqlx::query_scalar("SELECT position FROM checkpoint").fetch_one(self.served.pool()).await?;
        Ok(position.cast_unsigned())
    }

    /// Applies one batch, not beyond `until`; false if there was nothing to apply.
    async fn apply_up_to(&mut self, until: Position) -> Result<bool, ProjectionError> {
        let mut raw = self.projector.journal.log().read_all(self.position, MAX_BATCH).await?;
        raw.truncate(raw.iter().take_while(|event| event.position <= until).count());
        if raw.is_empty() {
            return Ok(false);
        }
        let events = DecodedBatch::decode(&self.projector.journal, raw).await?;
        self.apply_next(&events).await?;
        Ok(true)
    }

    /// Applies the next events; false if another process that fills the same shadow was faster, and its position was taken.
    async fn apply_next(&mut self, events: &DecodedBatch) -> Result<bool, ProjectionError> {
        if self.skips.is_outdated_by(events) {
            self.reload_skips().await?;
        }
        if let Some(applied) = self.projector.apply(&mut self.db, self.position, events, &self.skips).await? {
            self.position = applied.position;
            self.events += events.len() as u64;
            return Ok(true);
        }
        // The other process may have created the schema again.
        if !schema::is_ours(&mut self.db).await? {
            return Err(ProjectionError::SchemaMismatch);
        }
        self.position = self.projector.checkpoint(&mut self.db).await?;
        Ok(false)
    }

    /// Holds the served read model until the shadow has reached its position, and takes a snapshot of both.
    pub async fn comparison_snapshot(&mut self) -> Result<ComparisonSnapshot, ProjectionError> {
        loop {
            match self.try_comparison_snapshot().await {
                Err(ProjectionError::SkippedEventApplied) => self.restart_and_fill().await?,
                outcome => return outcome,
            }
        }
    }

    /// Called while no lock is held, because it takes long.
    async fn restart_and_fill(&mut self) -> Result<(), ProjectionError> {
        self.restart().await?;
        self.fill(|_| {}).await.map(drop)
    }

    async fn try_comparison_snapshot(&mut self) -> Result<ComparisonSnapshot, ProjectionError> {
        let mut holder = self.projector.connect().await?;
        let mut held = holder.begin().await?;
        let position: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT position FROM {READ_SCHEMA}.checkpoint FOR UPDATE"
        )))
        .fetch_one(&mut *held)
        .await?;
        while self.apply_up_to(position.cast_unsigned()).await? {}
        self.reload_skips().await?;
        let mut db = self.projector.connect().await?;
        sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0")
            .execute(&mut db)
            .await?;
        // The first statement takes the snapshot.
        sqlx::query("SELECT position FROM checkpoint").execute(&mut db).await?;
        held.rollback().await?;
        Ok(ComparisonSnapshot { db, position: self.position })
    }

    /// Replaces the served read model by the shadow and returns its position. Queries wait for the lock on the checkpoint
    /// and then read the new tables, so none sees a mixture. Fails without any change if queries hold the old tables for
    /// too long.
    pub async fn switch(&mut self) -> Result<Position, ProjectionError> {
        self.drop_old().await?;
        let mut attempts = 1;
        loop {
            match self.try_to_switch().await {
                Err(error) if is_busy(&error) && attempts < MAX_ATTEMPTS => attempts += 1,
                Err(ProjectionError::SkippedEventApplied) => self.restart_and_fill().await?,
                outcome => {
                    let position = outcome?;
                    self.drop_old().await?;
                    return Ok(position);
                }
            }
            tokio::time::sleep(PAUSE).await;
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
        let query = format!("SELECT position FROM {READ_SCHEMA}.checkpoint");
        let position: i64 = sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut *transaction).await?;
        while self.apply_up_to(position.cast_unsigned()).await? {}
        if self.position != position.cast_unsigned() {
            return Err(ProjectionError::ShadowAhead);
        }
        self.reload_skips().await?;
        let rename = format!(
            "ALTER SCHEMA {READ_SCHEMA} RENAME TO {OLD_SCHEMA}; ALTER SCHEMA {SHADOW_SCHEMA} RENAME TO {READ_SCHEMA}"
        );
        sqlx::raw_sql(AssertSqlSafe(rename)).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(self.position)
    }

    /// Drops the formerly served read model once no query reads it. While a query holds one of its tables, this does not wait
    /// for a lock: the query may need a second table, and Postgres would have to cancel one of the two.
    async fn drop_old(&self) -> Result<(), ProjectionError> {
        let mut attempts = 1;
        loop {
            // After these attempts only a vacuum can hold a lock, and it yields to a waiting one.
            let wait_mode = if attempts > NOWAIT_ATTEMPTS { "" } else { "NOWAIT" };
            match self.try_to_drop_old(wait_mode).await {
                Err(error) if is_busy(&error) && attempts < NOWAIT_ATTEMPTS + MAX_ATTEMPTS => attempts += 1,
                outcome => return outcome,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn try_to_drop_old(&self, wait_mode: &str) -> Result<(), ProjectionError> {
        let mut db = self.projector.connect().await?;
        let mut transaction = db.begin().await?;
        sqlx::query(LOCK_TIMEOUT).execute(&mut *transaction).await?;
        schema::take_turn(&mut transaction).await?;
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = $1")
                .bind(OLD_SCHEMA)
                .fetch_all(&mut *transaction)
                .await?;
        if !tables.is_empty() {
            let tables: Vec<String> =
                tables.iter().map(|table| format!("{OLD_SCHEMA}.\"{table}\"")).collect();
            let lock = format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE {wait_mode}", tables.join(", "));
            sqlx::query(AssertSqlSafe(lock)).execute(&mut *transaction).await?;
        }
        let drop = format!("DROP SCHEMA IF EXISTS {OLD_SCHEMA} CASCADE");
        sqlx::query(AssertSqlSafe(drop)).execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }
}

fn is_busy(error: &ProjectionError) -> bool {
    matches!(error, ProjectionError::Database(sqlx::Error::Database(refused))
        if refused.code().as_deref() == Some(LOCK_NOT_AVAILABLE))
}
