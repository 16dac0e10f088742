//! A log in memory, a database of its own, and a projection from one to the other.

use bus::Bus;
use event_log::{Log, MemoryLog, testing::TestDatabase};
use projection_service::{Projector, rebuild};
use read_model::{
    ReadModel,
    schema::{READ_SCHEMA, inside},
};
use secrets::{journal::Journal, keyring::Keyring, vault::Vault};
use sqlx::{AssertSqlSafe, PgPool};
use std::time::Duration;

/// Maximum wait for the projection.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) struct Fixture {
    database: TestDatabase,
    pub(crate) pool: PgPool,
    pub(crate) keyring: Keyring,
    pub(crate) journal: Journal,
    pub(crate) read: ReadModel,
    pub(crate) projector: Projector,
}

impl Fixture {
    pub(crate) async fn create(vault: Vault) -> Self {
        let database = TestDatabase::create().await;
        let pool = PgPool::connect_with(inside(database.options(), READ_SCHEMA)).await.unwrap();
        read_model::schema::migrate(&pool, 0).await.unwrap();
        let read = ReadModel::new(pool.clone(), "http://127.0.0.1:8000", vault.clone());
        let keyring = Keyring::memory();
        let journal = Journal::new(Log::Memory(MemoryLog::new()), keyring.clone(), &vault);
        let projector = Projector::new(journal.clone(), read.clone(), vault, Bus::memory());
        Self { database, pool, keyring, journal, read, projector }
    }

    /// Waits until the rows include a position.
    pub(crate) async fn projected(&self, position: u64) {
        assert!(
            self.read.caught_up(position, TIMEOUT).await.unwrap(),
            "the projection does not reach {position}"
        );
    }

    /// Rebuilds the read model; the projection must not run.
    pub(crate) async fn rebuild(&self) {
        let done = rebuild(&self.projector, |_| {}).await.unwrap();
        assert_eq!(done.position, done.head);
    }

    /// All rows of a table as JSON, sorted.
    pub(crate) async fn rows_of(&self, schema: &str, table: &str) -> Vec<String> {
        let sql = format!("SELECT to_jsonb(t)::text FROM {schema}.{table} t ORDER BY 1");
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&self.pool).await.unwrap()
    }

    pub(crate) async fn drop_database(self) {
        self.pool.close().await;
        self.database.drop_now().await;
    }
}
