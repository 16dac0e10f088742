//! Runs the conformance suite against every adapter.

#![allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks")]

use esdb_sim::Sim;
use event_log::{
    EventStoreDbLog, EventStoreDbSettings, Log, MemoryLog, PostgresLog, PostgresSettings, conformance,
    testing::TestDatabase,
};
use std::time::Duration;
use uuid::Uuid;

/// Environment variable with the URL of a real EventStoreDB or KurrentDB, e.g. `esdb://127.0.0.1:2113?tls=false`.
const REAL_SERVER: &str = "VECHE_TEST_ESDB_URL";

/// Limit for a hanging test; it measures nothing.
const PATIENCE: Duration = Duration::from_secs(180);

/// Opens the log as another process would, in Postgres.
async fn open(database: &TestDatabase) -> Log {
    let log = PostgresLog::open(database.pool().await, PostgresSettings::default());
    Log::Postgres(log.await.expect("the log opens"))
}

/// Opens the log as another process would, in EventStoreDB.
async fn open_esdb(url: &str) -> Log {
    let log = EventStoreDbLog::open(url, EventStoreDbSettings::default()).await;
    Log::EventStoreDb(log.expect("the log opens"))
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

        mod eventstoredb {
            use super::{PATIENCE, Sim, conformance, open_esdb};

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let server = Sim::start().await.expect("a port is free");
                    let case = conformance::$case(async || open_esdb(&server.url()).await);
                    tokio::time::timeout(PATIENCE, case).await.expect("it hangs");
                }
            )+
        }

        /// Runs all cases against a real server, each in a namespace of its own. Ignored by default, so that it counts
        /// as skipped: `VECHE_TEST_ESDB_URL=esdb://… cargo nextest run --run-ignored only -E 'test(real_server)'`.
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        #[ignore = "needs an EventStoreDB: VECHE_TEST_ESDB_URL names one"]
        async fn real_server_passes_the_suite() {
            let Ok(server) = std::env::var(REAL_SERVER) else {
                panic!("{REAL_SERVER} is not set: nothing was tested");
            };
            let log = EventStoreDbLog::open(&server, EventStoreDbSettings::default()).await.expect("it is there");
            println!("server version {}", log.server_version().await.expect("it is there"));
            $(
                let separator = if server.contains('?') { '&' } else { '?' };
                let url = format!("{server}{separator}namespace=test_{}", Uuid::new_v4().simple());
                let case = conformance::$case(async || open_esdb(&url).await);
                tokio::time::timeout(PATIENCE, case).await.expect(stringify!($case));
                println!("kept: {}", stringify!($case));
            )+
        }
    };
}

event_log::conformance_cases!(each);
