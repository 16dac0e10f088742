//! Fixture: a log, its chain and a notary.

use audit::{Auditor, Chain, CheckpointFile, Entry, Ledger, Notary, NotarySettings, Order};
use bytes::Bytes;
use event_log::{
    Append, Expected, Log, NewEvent, PostgresLog, PostgresSettings, RawEvent, testing::TestDatabase,
};
use events::{EventId, StreamName};
use platform::clock::Clock;
use secrets::{journal::Journal, keyring::Keyring, signing::PublicKey, vault::Vault};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;
use tempfile::TempDir;
use uuid::Uuid;

/// Limit for a hanging test; it measures nothing.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Fixture {
    pub(crate) log: Log,
    pub(crate) ledger: Ledger,
    pub(crate) pool: PgPool,
    pub(crate) folder: TempDir,
    _database: TestDatabase,
}

impl Fixture {
    /// A log and its chain in one database.
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::create().await;
        let pool = database.pool().await;
        PostgresLog::migrate(&pool).await.unwrap();
        let log = PostgresLog::open(pool.clone(), PostgresSettings::default()).await.unwrap();
        Self::over(Log::Postgres(log), database).await
    }

    /// The chain of a log in another store.
    pub(crate) async fn over(log: Log, database: TestDatabase) -> Self {
        let pool = database.pool().await;
        Ledger::migrate(&pool).await.unwrap();
        Ledger::migrate(&pool).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { log, ledger: Ledger::new(pool.clone()), pool, folder, _database: database }
    }

    pub(crate) fn vault() -> Vault {
        Vault::new(&[5; 32])
    }

    /// The trusted key.
    pub(crate) fn key() -> PublicKey {
        Self::vault().signing_key().public()
    }

    pub(crate) fn auditor(&self) -> Auditor {
        Auditor::new(self.ledger.clone(), Journal::new(self.log.clone(), Keyring::memory(), &Self::vault()))
    }

    /// Changes history as the database's owner could.
    pub(crate) async fn tamper(&self, statements: &'static str) {
        let lifted = "alter table log.events disable trigger events_append_only";
        sqlx::raw_sql(lifted).execute(&self.pool).await.unwrap();
        sqlx::raw_sql(statements).execute(&self.pool).await.unwrap();
    }

    pub(crate) fn file(&self) -> CheckpointFile {
        CheckpointFile::within(self.folder.path())
    }

    pub(crate) fn notary(&self, settings: NotarySettings) -> Notary {
        let (log, ledger) = (self.log.clone(), self.ledger.clone());
        Notary::new(log, ledger, Self::vault().signing_key(), Clock::System, Some(self.file()), settings)
    }

    /// A notary that signs only in `catch_up`.
    pub(crate) fn patient_notary(&self) -> Notary {
        self.notary(NotarySettings { interval: Duration::from_secs(3_600), max_events: 1_000_000 })
    }

    pub(crate) async fn append(&self, stream: &str, events: Vec<NewEvent>) {
        let stream = StreamName::stored(stream);
        let append = Append { stream, expected: Expected::Any, events, command: None };
        self.log.append(append).await.unwrap();
    }

    /// Reads the whole log.
    pub(crate) async fn history(&self) -> Vec<RawEvent> {
        self.log.read_all(0, 100_000).await.unwrap()
    }

    pub(crate) async fn entries(&self) -> Vec<Entry> {
        self.ledger.entries(&Default::default(), Order::Oldest, 0, 100_000).await.unwrap()
    }

    /// Asserts one entry per event, with the hashes that follow from the events alone.
    pub(crate) async fn assert_whole(&self) {
        let (history, entries) = (self.history().await, self.entries().await);
        assert_eq!(history.len(), entries.len());
        let mut chain = Chain::START;
        for (event, entry) in history.iter().zip(&entries) {
            chain = chain.then(event);
            assert_eq!((entry.number, entry.hash), (chain.number, chain.hash));
            assert!(entry.matches(event), "{entry:?} of {event:?}");
        }
    }

    /// Waits until a condition holds.
    pub(crate) async fn until(&self, what: &str, so: impl AsyncFn() -> bool) {
        let wait = async {
            while !so().await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("never: {what}"));
    }

    pub(crate) async fn until_noted(&self, number: u64) {
        self.until("the chain is there", async || self.ledger.head().await.unwrap().chain.number == number)
            .await;
    }
}

/// An event with a random id.
pub(crate) fn event(kind: &str, data: &Value, meta: &Value) -> NewEvent {
    let text = |value: &Value| Bytes::from(value.to_string());
    NewEvent { id: EventId(Uuid::new_v4()), kind: kind.to_owned(), data: text(data), meta: text(meta) }
}

/// Metadata in the form of the journal.
pub(crate) fn meta(command: &str) -> Value {
    json!({"at": "2026-01-02T03:04:05.678901Z", "command": command, "app": "test"})
}

/// Events with minimal content.
pub(crate) fn some(count: usize) -> Vec<NewEvent> {
    std::iter::repeat_with(|| event("thing.done.v1", &json!({"n": 1}), &meta("thing.do")))
        .take(count)
        .collect()
}
