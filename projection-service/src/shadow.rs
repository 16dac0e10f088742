//! A second read model, filled beside the one that is served, compared with it, and put in its place.
//!
//! It never gets ahead of the one that is served: when it takes its place, all effects up to there are planned, and all
//! notices are told. It plans and tells nothing itself.
//!
//! Operators go on ruling while it is filled. What they have skipped and it has applied, since its program could, is found
//! before it is used for anything, and then it begins anew.

use crate::{
    NoticePolicy, Progress, ProjectionError, Projector, decoded::DecodedBatch, prefetch,
    projector::MAX_BATCH, skips::Skips,
};
use events::Position;
use read_model::{
    ReadModel,
    schema::{self, READ_SCHEMA},
};
use secrets::journal::Journal;
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
/// How often it is asked whether the old tables are still read, with the same rest between, before that is waited for:
/// longer than a statement may take.
const LOOKS: u32 = 100;
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
pub struct ComparisonSnapshot {
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

    /// Takes up what operators have ruled so far.
    ///
    /// # Errors
    /// [`ProjectionError::Overruled`]: some of it comes too late for these rows; log or database failed.
    async fn reload_skips(&mut self) -> Result<(), ProjectionError> {
        let journal = &self.projector.journal;
        self.skips = Skips::load(journal).await?;
        match self.skips.were_violated(journal, &mut self.db, self.position).await? {
            true => Err(ProjectionError::SkippedEventApplied),
            false => Ok(()),
        }
    }

    async fn restart(&mut self) -> Result<(), ProjectionError> {
        tracing::info!("events were skipped that the new read model has applied: it begins anew");
        let mut transaction = self.db.begin().await?;
        schema::take_turn(&mut transaction).await?;
        schema::fill_schema(&mut transaction, SHADOW_SCHEMA).await?;
        transaction.commit().await?;
        self.position = 0;
        Ok(())
    }

    /// The same, but not everybody needs to be told of everything once it is served.
    #[must_use]
    pub fn with_notices(mut self, notices: NoticePolicy) -> Self {
        self.projector = self.projector.with_notices(notices);
        self
    }

    /// Fills it until it stands where the one that is served does. Progress is told after every batch.
    ///
    /// # Errors
    /// Log or database failed; what was filled stays, and is gone on with.
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
            let mut stands = true;
            while let Some(events) = batches.recv().await {
                stands = false;
                let was_first = self.apply_next(&events?).await?;
                report(Progress { position: self.position, head, events: self.events });
                if !was_first {
                    break;
                }
            }
            if stands {
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

    /// One batch, not beyond `until`; false when it stands there.
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

    /// Applies what comes next; false if somebody else fills it too and was faster: then it goes on from where that one is.
    async fn apply_next(&mut self, events: &DecodedBatch) -> Result<bool, ProjectionError> {
        if self.skips.is_outdated_by(events) {
            self.reload_skips().await?;
        }
        if let Some(applied) = self.projector.apply(&mut self.db, self.position, events, &self.skips).await? {
            self.position = applied.position;
            self.events += events.len() as u64;
            return Ok(true);
        }
        // Or it was made anew.
        if !schema::is_ours(&mut self.db).await? {
            return Err(ProjectionError::SchemaMismatch);
        }
        self.position = self.projector.checkpoint(&mut self.db).await?;
        Ok(false)
    }

    /// Stops the one that is served for as long as it takes to get where it stands, and then looks at both.
    ///
    /// # Errors
    /// Log or database failed.
    pub async fn comparison_snapshot(&mut self) -> Result<ComparisonSnapshot, ProjectionError> {
        loop {
            match self.try_comparison_snapshot().await {
                Err(ProjectionError::SkippedEventApplied) => self.restart_and_fill().await?,
                outcome => return outcome,
            }
        }
    }

    /// While nobody waits for it.
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
        // The first question fixes what is seen.
        sqlx::query("SELECT position FROM checkpoint").execute(&mut db).await?;
        held.rollback().await?;
        Ok(ComparisonSnapshot { db, position: self.position })
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
                Err(ProjectionError::SkippedEventApplied) => self.restart_and_fill().await?,
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

    /// Drops what was served before, once nobody reads it any more. It does not wait for a lock while there are some who have
    /// begun to read the old tables: they may want another one of them, and one of the two would have to be broken off.
    async fn drop_old(&self) -> Result<(), ProjectionError> {
        let mut tries = 1;
        loop {
            // What is left by then is a vacuum, which gives way to who waits.
            let how = if tries > LOOKS { "" } else { "NOWAIT" };
            match self.try_to_drop_old(how).await {
                Err(error) if is_busy(&error) && tries < LOOKS + TRIES => tries += 1,
                outcome => return outcome,
            }
            tokio::time::sleep(REST).await;
        }
    }

    async fn try_to_drop_old(&self, how: &str) -> Result<(), ProjectionError> {
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
            let lock = format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE {how}", tables.join(", "));
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
