//! Every adapter keeps the port's promises.

use event_log::{Log, MemoryLog, PostgresLog, PostgresSettings, conformance, testing::TestDatabase};
use std::time::Duration;

/// Against a test that hangs; nothing is measured.
const PATIENCE: Duration = Duration::from_secs(180);

/// Another process over the same database.
async fn open(database: &TestDatabase) -> Log {
    let log = PostgresLog::open(database.pool().await, PostgresSettings::default());
    Log::Postgres(log.await.expect("the log opens"))
}

macro_rules! each {
    ($($case:ident),+ $(,)?) => {
        mod memory {
            use super::{Log, MemoryLog, PATIENCE, conformance};

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let log = MemoryLog::new();
                    let case = conformance::$case(async || Log::Memory(log.reopen()));
                    tokio::time::timeout(PATIENCE, case).await.expect("it hangs");
                }
            )+
        }

        mod postgres {
            use super::{PATIENCE, PostgresLog, TestDatabase, conformance, open};

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let database = TestDatabase::create().await;
                    PostgresLog::migrate(&database.pool().await).await.expect("the migrations apply");
                    let case = conformance::$case(async || open(&database).await);
                    tokio::time::timeout(PATIENCE, case).await.expect("it hangs");
                    database.drop_now().await;
                }
            )+
        }
    };
}

event_log::conformance_cases!(each);
