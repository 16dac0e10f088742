//! Data keys in the schema `keys`, wrapped, with a bounded cache in front.

use super::{DataKey, KeyState, KeyringError, Keys};
use crate::{vault::VaultError, wrapping::Wrapping};
use event_log::apply_idempotent_schema;
use events::Subject;
use moka::sync::Cache;
use sqlx::PgPool;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// About 20 MB at most.
const CACHED_KEYS: u64 = 100_000;
/// Maximum time for which a key that another process destroyed stays usable here without a notification.
const CACHE_LIFE: Duration = Duration::from_secs(600);
/// The advisory lock of the schema's migration; no other migrator uses the number.
const MIGRATION_LOCK: i64 = 0x7665_6368_6b65_7973;

/// Every statement is repeatable, so the migration runs all of them.
const SCHEMA: &str = include_str!("schema.sql");

/// Data keys in a Postgres database.
#[derive(Clone)]
pub struct PostgresKeyring {
    pool: PgPool,
    wrapping: Wrapping,
    cache: Cache<Subject, KeyState>,
    /// Incremented by every removal, so that a read that began before it does not fill the cache afterwards.
    forgotten: Arc<AtomicU64>,
}

pub(super) async fn migrate(pool: &PgPool) -> Result<(), KeyringError> {
    Ok(apply_idempotent_schema(pool, "keys", MIGRATION_LOCK, SCHEMA).await?)
}

impl PostgresKeyring {
    pub(super) fn new(pool: PgPool, wrapping: Wrapping) -> Self {
        let cache = Cache::builder().max_capacity(CACHED_KEYS).time_to_live(CACHE_LIFE).build();
        Self { pool, wrapping, cache, forgotten: Arc::default() }
    }

    pub(super) async fn ensure(&self, subjects: &[Subject]) -> Result<Keys, KeyringError> {
        let mut keys = self.get(subjects).await?;
        let mut missing = BTreeSet::new();
        for subject in subjects {
            match keys.of(subject) {
                Some(KeyState::Live(_)) => {}
                Some(KeyState::Destroyed) => return Err(KeyringError::Destroyed(*subject)),
                None => {
                    missing.insert(*subject);
                }
            }
        }
        if missing.is_empty() {
            return Ok(keys);
        }
        for (subject, state) in self.create(&missing).await? {
            keys.insert(subject, state);
        }
        Ok(keys)
    }

    /// Writes the row again if it exists: the same work, and equally durable.
    pub(super) async fn ensure_evenly(&self, subject: Subject) -> Result<(), KeyringError> {
        self.create(&BTreeSet::from([subject])).await.map(drop)
    }

    pub(super) async fn get(&self, subjects: &[Subject]) -> Result<Keys, KeyringError> {
        let mut keys = Keys::default();
        let mut unknown = Vec::new();
        for subject in subjects {
            match self.cache.get(subject) {
                Some(state) => keys.insert(*subject, state),
                None => unknown.push(subject.to_string()),
            }
        }
        if unknown.is_empty() {
            return Ok(keys);
        }
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        let rows: Vec<Row> =
            sqlx::query_as("SELECT subject, wrapped FROM keys.data_keys WHERE subject = ANY($1)")
                .bind(&unknown)
                .fetch_all(&self.pool)
                .await?;
        let found = self.opened(rows)?;
        self.remember(&found, forgotten);
        for (subject, state) in found {
            keys.insert(subject, state);
        }
        Ok(keys)
    }

    pub(super) async fn destroy(&self, subject: &Subject) -> Result<Duration, KeyringError> {
        let mut transaction = self.durable().await?;
        let seconds: f64 = sqlx::query_scalar(
            "INSERT INTO keys.data_keys (subject, wrapped, destroyed_at) VALUES ($1, NULL, now())
             ON CONFLICT (subject) DO UPDATE
             SET wrapped = NULL, destroyed_at = coalesce(data_keys.destroyed_at, now())
             RETURNING extract(epoch FROM now() - destroyed_at)::float8",
        )
        .bind(subject.to_string())
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        self.forget_cached(subject);
        Ok(Duration::try_from_secs_f64(seconds).unwrap_or_default())
    }

    pub(super) async fn destroyed_lately(&self) -> Result<BTreeSet<Subject>, KeyringError> {
        let subjects: Vec<String> = sqlx::query_scalar(
            "SELECT subject FROM keys.data_keys WHERE destroyed_at > now() - make_interval(secs => $1)",
        )
        .bind((CACHE_LIFE * 2).as_secs_f64())
        .fetch_all(&self.pool)
        .await?;
        Ok(subjects.iter().filter_map(|subject| subject.parse().ok()).collect())
    }

    pub(super) async fn all(&self) -> Result<BTreeMap<Subject, bool>, KeyringError> {
        let rows: Vec<(String, bool)> = sqlx::query_as("SELECT subject, wrapped IS NULL FROM keys.data_keys")
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.iter().filter_map(|(subject, gone)| Some((subject.parse().ok()?, *gone))).collect())
    }

    pub(super) fn reload_wrapping(&self) -> Result<(), VaultError> {
        self.wrapping.reload()
    }

    pub(super) async fn wrapped_before(&self) -> Result<u64, KeyringError> {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM keys.data_keys WHERE wrapped IS NOT NULL AND NOT starts_with(wrapped, $1)",
        )
        .bind(self.wrapping.in_force())
        .fetch_one(&self.pool)
        .await?;
        Ok(count.unsigned_abs())
    }

    /// Locks rows while they are rewrapped, so that a key destroyed at the same time stays destroyed.
    pub(super) async fn rewrap(&self, most: u32) -> Result<u64, KeyringError> {
        let mut transaction = self.durable().await?;
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT subject, wrapped FROM keys.data_keys \
             WHERE wrapped IS NOT NULL AND NOT starts_with(wrapped, $1) ORDER BY subject LIMIT $2 FOR UPDATE",
        )
        .bind(self.wrapping.in_force())
        .bind(i64::from(most))
        .fetch_all(&mut *transaction)
        .await?;
        let (mut subjects, mut wrapped) = (vec![], vec![]);
        for (subject, state) in self.opened(rows)? {
            if let KeyState::Live(key) = state {
                wrapped.push(key.wrap(&subject, &self.wrapping)?);
                subjects.push(subject.to_string());
            }
        }
        sqlx::query(
            "UPDATE keys.data_keys k SET wrapped = n.wrapped FROM unnest($1::text[], $2::text[]) n (subject, wrapped) \
             WHERE k.subject = n.subject",
        )
        .bind(&subjects)
        .bind(&wrapped)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(subjects.len() as u64)
    }

    pub(super) fn forget_cached(&self, subject: &Subject) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.cache.invalidate(subject);
    }

    /// Creates missing keys, or finds those that another writer just created, in one statement: the conflict arm
    /// changes nothing but returns the current row, even if the statement's snapshot is older. Subjects are sorted,
    /// so that two writers never deadlock.
    async fn create(&self, missing: &BTreeSet<Subject>) -> Result<BTreeMap<Subject, KeyState>, KeyringError> {
        let subjects: Vec<String> = missing.iter().map(Subject::to_string).collect();
        let wrapped = missing
            .iter()
            .map(|subject| DataKey::random()?.wrap(subject, &self.wrapping))
            .collect::<Result<Vec<_>, _>>()?;
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        let mut transaction = self.durable().await?;
        let rows: Vec<Row> = sqlx::query_as(
            "INSERT INTO keys.data_keys (subject, wrapped) SELECT * FROM unnest($1::text[], $2::text[])
             ON CONFLICT (subject) DO UPDATE SET subject = excluded.subject
             RETURNING subject, wrapped",
        )
        .bind(&subjects)
        .bind(&wrapped)
        .fetch_all(&mut *transaction)
        .await?;
        let made = self.opened(rows)?;
        // The transaction is not committed then: all keys are made, or none.
        if let Some((subject, _)) = made.iter().find(|(_, state)| matches!(state, KeyState::Destroyed)) {
            return Err(KeyringError::Destroyed(*subject));
        }
        transaction.commit().await?;
        // Cached only after the commit: nobody may seal with a key that could still be rolled back.
        self.remember(&made, forgotten);
        Ok(made)
    }

    /// A transaction that is on disk after its commit, whatever the pool or the role have set.
    async fn durable(&self) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, KeyringError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query("SET LOCAL synchronous_commit = on").execute(&mut *transaction).await?;
        Ok(transaction)
    }

    fn opened(&self, rows: Vec<Row>) -> Result<BTreeMap<Subject, KeyState>, KeyringError> {
        let mut opened = BTreeMap::new();
        for (subject, wrapped) in rows {
            let Ok(subject) = subject.parse::<Subject>() else { continue };
            let state = match wrapped {
                None => KeyState::Destroyed,
                Some(wrapped) => DataKey::unwrap(&wrapped, &subject, &self.wrapping)
                    .map(KeyState::Live)
                    .map_err(|error| KeyringError::Unreadable(subject, error))?,
            };
            opened.insert(subject, state);
        }
        Ok(opened)
    }

    /// Caches keys, unless a key was removed since they were read.
    fn remember(&self, states: &BTreeMap<Subject, KeyState>, forgotten: u64) {
        for (subject, state) in states {
            self.cache.insert(*subject, state.clone());
            // Checked after the insertion: a removal before this is seen here, and a later one removes what was
            // inserted.
            if self.forgotten.load(Ordering::SeqCst) != forgotten {
                self.cache.invalidate(subject);
            }
        }
    }
}

type Row = (String, Option<String>);
