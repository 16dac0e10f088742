//! Faults specific to Postgres: lost connections, lost processes, overload, wake-ups, foreign writes.

#![allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks")]

use event_log::{
    Append, AppendError, Expected, Log, PostgresLog, PostgresSettings, ReadError,
    conformance::sample::{append, assert_sound, assert_stored, command},
    testing::TestDatabase,
};
use futures::future::join_all;
use sqlx::{PgPool, raw_sql};
use std::time::Duration;

/// The adapter gives up at the first failure.
const IMPATIENT: Duration = Duration::ZERO;
/// Longer than any test: only a wake-up helps.
const NEVER: Duration = Duration::from_secs(3_600);

async fn migrated() -> (TestDatabase, PgPool) {
    let database = TestDatabase::create().await;
    let pool = database.pool().await;
    PostgresLog::migrate(&pool).await.expect("the migrations apply");
    (database, pool)
}

async fn open(pool: &PgPool, settings: PostgresSettings) -> Log {
    Log::Postgres(PostgresLog::open(pool.clone(), settings).await.expect("the log opens"))
}

/// Closes the connections that append; returns their number.
async fn kill_appenders(pool: &PgPool) -> i64 {
    sqlx::query_scalar(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity
         where datname = current_database() and application_name = 'veche-log'",
    )
    .fetch_one(pool)
    .await
    .expect("a superuser may end connections")
}

/// Waits until an appender waits for the head's lock: its write is sent and undecided.
async fn until_an_appender_waits(pool: &PgPool) {
    loop {
        let waiting: bool = sqlx::query_scalar(
            "select exists (select from pg_stat_activity where datname = current_database()
                            and application_name = 'veche-log' and wait_event_type = 'Lock')",
        )
        .fetch_one(pool)
        .await
        .expect("the server is there");
        if waiting {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Appends until the answer is definite, repeating with the same ids as callers must.
async fn insist(log: &Log, asked: &Append) -> Result<event_log::Appended, AppendError> {
    loop {
        match log.append(asked.clone()).await {
            Err(AppendError::Unknown(_) | AppendError::Unavailable(_) | AppendError::Overloaded) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            settled => return settled,
        }
    }
}

#[tokio::test]
async fn concurrent_and_repeated_migrations_succeed() {
    let database = TestDatabase::create().await;
    let pool = database.pool().await;
    let runs = join_all((0..4).map(|_| PostgresLog::migrate(&pool))).await;
    runs.into_iter().for_each(|run| run.expect("one applies them, the others find them applied"));
    PostgresLog::migrate(&pool).await.expect("nothing is left to do");
    let strangers: i64 =
        sqlx::query_scalar("select count(*) from pg_tables where tablename = '_sqlx_migrations'")
            .fetch_one(&pool)
            .await
            .expect("read");
    assert_eq!(strangers, 0, "other schemas keep their own history of migrations");
    database.drop_now().await;
}

#[tokio::test]
async fn open_fails_without_a_migrated_schema() {
    let database = TestDatabase::create().await;
    let outcome = PostgresLog::open(database.pool().await, PostgresSettings::default()).await;
    assert!(matches!(outcome, Err(ReadError::Unavailable(_))), "{outcome:?}");
    database.drop_now().await;
}

#[tokio::test]
async fn update_and_delete_of_events_are_refused() {
    let (database, pool) = migrated().await;
    let log = open(&pool, PostgresSettings::default()).await;
    log.append(append("a", Expected::NoStream, 3)).await.expect("stored");
    for change in ["delete from log.events", "update log.events set kind = 'x'", "truncate log.events"] {
        let outcome = raw_sql(change).execute(&pool).await;
        assert!(outcome.is_err_and(|error| error.to_string().contains("append-only")), "{change}");
    }
    assert_eq!(assert_sound(&log).await.len(), 3);
    database.drop_now().await;
}

#[tokio::test]
async fn gap_in_positions_is_an_error() {
    let (database, pool) = migrated().await;
    let log = open(&pool, PostgresSettings::default()).await;
    log.append(append("a", Expected::NoStream, 6)).await.expect("stored");
    // Another process, which has to read what this one appended.
    let mut behind = open(&pool, PostgresSettings::default()).await.subscribe(0);
    raw_sql("alter table log.events disable trigger all; delete from log.events where position in (1, 4)")
        .execute(&pool)
        .await
        .expect("an owner can do worse");
    let outcome = log.read_all(2, 10).await;
    assert!(matches!(outcome, Err(ReadError::Gap { after: 3, found: 5 })), "{outcome:?}");
    let outcome = behind.next_batch(10).await;
    assert!(matches!(outcome, Err(ReadError::Gap { after: 0, found: 2 })), "{outcome:?}");
    assert_eq!(behind.position(), 0, "it does not skip the gap");
    database.drop_now().await;
}

#[tokio::test]
async fn announced_append_wakes_a_subscription() {
    let (database, pool) = migrated().await;
    let settings = PostgresSettings { poll: NEVER, ..PostgresSettings::default() };
    let logs = [open(&pool, settings.clone()).await, open(&pool, settings).await];
    let mut subscriptions = logs.each_ref().map(|log| log.subscribe(0));
    for number in 0..20 {
        let [own, other] = &mut subscriptions;
        let appended = async {
            let answer = logs[0].append(append(&format!("s{number}"), Expected::NoStream, 1)).await;
            // As the bus would.
            logs[1].wake(answer.expect("stored").position);
        };
        let (_, own, other) = tokio::join!(appended, own.next_batch(10), other.next_batch(10));
        assert_eq!(own.expect("read"), other.expect("read"));
    }
    database.drop_now().await;
}

/// On one thread, so that all callers queue before any is served.
#[tokio::test]
async fn full_queue_is_overload_and_writes_nothing() {
    let (database, pool) = migrated().await;
    let settings =
        PostgresSettings { queued_appends: 4, give_up_after: NEVER, ..PostgresSettings::default() };
    let log = open(&pool, settings).await;
    let mut blocker = pool.begin().await.expect("begun");
    sqlx::query("select from log.head for update").execute(&mut *blocker).await.expect("locked");
    let asked: Vec<Append> =
        (0..50).map(|number| append(&format!("s{number}"), Expected::NoStream, 1)).collect();
    let calls = join_all(asked.iter().map(|asked| log.append(asked.clone())));
    let release = async {
        until_an_appender_waits(&pool).await;
        blocker.rollback().await.expect("released");
    };
    let (outcomes, ()) = tokio::join!(calls, release);
    let all = assert_sound(&log).await;
    let mut refused = 0;
    for (asked, outcome) in asked.iter().zip(&outcomes) {
        match outcome {
            Ok(answer) => assert_stored(&all, &asked.events, answer),
            Err(AppendError::Overloaded) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(refused, 46, "four may wait");
    assert_eq!(all.len(), 50 - refused, "what was refused was not written");
    database.drop_now().await;
}

/// On one thread, so that all callers queue before any is served.
#[tokio::test]
async fn queued_payload_is_bounded() {
    let (database, pool) = migrated().await;
    let log = open(&pool, PostgresSettings { queued_kib: 64, ..PostgresSettings::default() }).await;
    let large = |number: usize| {
        let mut asked = append(&format!("s{number}"), Expected::NoStream, 1);
        asked.events[0].data = vec![b'x'; 40 << 10].into();
        asked
    };
    let outcomes = join_all((0..2).map(|number| log.append(large(number)))).await;
    assert!(matches!(outcomes[..], [Ok(_), Err(AppendError::Overloaded)]), "{outcomes:?}");
    log.append(large(1)).await.expect("there is room again");
    database.drop_now().await;
}

#[tokio::test]
async fn append_without_a_database_is_unavailable() {
    let (database, pool) = migrated().await;
    let settings = PostgresSettings { give_up_after: IMPATIENT, ..PostgresSettings::default() };
    let log = open(&pool, settings).await;
    log.append(append("a", Expected::NoStream, 1)).await.expect("stored");
    database.drop_now().await;
    // The first append finds a lost connection; one that begins a stream is sent over it without a read.
    for expected in [Expected::Any, Expected::NoStream] {
        let outcome = log.append(append("b", expected, 1)).await;
        assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
    }
    assert!(matches!(log.head().await, Err(ReadError::Unavailable(_))));
}

/// The connection is closed while the write waits for the lock: only a repetition can tell whether it was stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_lost_while_writing_is_an_unknown_outcome() {
    let (database, pool) = migrated().await;
    let settings = PostgresSettings { give_up_after: IMPATIENT, ..PostgresSettings::default() };
    let log = open(&pool, settings).await;
    let mut blocker = pool.begin().await.expect("begun");
    sqlx::query("select from log.head for update").execute(&mut *blocker).await.expect("locked");
    let asked = append("a", Expected::NoStream, 2);
    let cut = async {
        until_an_appender_waits(&pool).await;
        assert_eq!(kill_appenders(&pool).await, 1);
    };
    let (outcome, ()) = tokio::join!(log.append(asked.clone()), cut);
    assert!(matches!(outcome, Err(AppendError::Unknown(_))), "{outcome:?}");
    blocker.rollback().await.expect("released");
    let answer = log.append(asked.clone()).await.expect("stored");
    assert_stored(&assert_sound(&log).await, &asked.events, &answer);
    database.drop_now().await;
}

/// With time to retry the adapter determines the outcome itself, also for an expectation that would succeed twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adapter_determines_the_outcome_of_a_lost_connection() {
    let (database, pool) = migrated().await;
    let settings = PostgresSettings { give_up_after: NEVER, ..PostgresSettings::default() };
    let log = open(&pool, settings).await;
    for (name, expected) in [("a", Expected::NoStream), ("a", Expected::Any), ("a", Expected::Revision(3))] {
        let mut blocker = pool.begin().await.expect("begun");
        sqlx::query("select from log.head for update").execute(&mut *blocker).await.expect("locked");
        let asked = append(name, expected, 2);
        let cut = async {
            until_an_appender_waits(&pool).await;
            assert_eq!(kill_appenders(&pool).await, 1);
            blocker.rollback().await.expect("released");
        };
        let (outcome, ()) = tokio::join!(log.append(asked.clone()), cut);
        assert_stored(&assert_sound(&log).await, &asked.events, &outcome.expect("stored"));
    }
    database.drop_now().await;
}

/// Connections that append are closed repeatedly under load from two processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_connections_lose_and_duplicate_nothing() {
    let (database, pool) = migrated().await;
    let logs =
        [open(&pool, PostgresSettings::default()).await, open(&pool, PostgresSettings::default()).await];
    let writers: Vec<_> = (0..24)
        .map(|number| {
            let log = logs[number % 2].clone();
            tokio::spawn(async move {
                let mut successes = Vec::new();
                for round in 0..20_u64 {
                    let asked = match number % 3 {
                        // An exact expectation; a command with a loose one; new streams.
                        0 => append(&format!("exact-{number}"), exactly(round), 1),
                        1 => Append {
                            command: Some(command()),
                            ..append(&format!("command-{}", number % 4), Expected::Any, 2)
                        },
                        _ => append(&format!("new-{number}-{round}"), Expected::NoStream, 3),
                    };
                    let answer = insist(&log, &asked).await.expect("nobody else writes there");
                    successes.push((asked.events, answer));
                }
                successes
            })
        })
        .collect();
    let mut killed = 0;
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        killed += kill_appenders(&pool).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(killed > 0);
    let all = assert_sound(&logs[0]).await;
    for successes in join_all(writers).await {
        for (events, answer) in successes.expect("no panic") {
            assert_stored(&all, &events, &answer);
        }
    }
    assert_eq!(all.len(), 8 * 20 * (1 + 2 + 3), "nothing is there twice");
    database.drop_now().await;
}

fn exactly(round: u64) -> Expected {
    round.checked_sub(1).map_or(Expected::NoStream, Expected::Revision)
}

/// A process dies in the middle of its batches: its runtime is shut down with everything in it.
#[test]
fn killed_process_loses_and_duplicates_nothing() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
    };
    let survivor = runtime();
    let (database, pool) = survivor.block_on(migrated());
    let asked: Vec<Append> =
        (0..1_000).map(|number| append(&format!("s{number}"), Expected::NoStream, 2)).collect();
    let (acknowledge, acknowledged) = std::sync::mpsc::channel();
    let doomed = runtime();
    let options = database.options();
    let all_asked = asked.clone();
    doomed.spawn(async move {
        let pool = PgPool::connect_with(options).await.expect("connected");
        let log = open(&pool, PostgresSettings::default()).await;
        for (number, asked) in all_asked.into_iter().enumerate() {
            let (log, acknowledge) = (log.clone(), acknowledge.clone());
            tokio::spawn(async move {
                if let Ok(answer) = log.append(asked).await {
                    let _ = acknowledge.send((number, answer));
                }
            });
        }
    });
    let first = acknowledged.recv().expect("it got as far as one batch");
    doomed.shutdown_background();
    let answers: Vec<_> = std::iter::once(first).chain(acknowledged).collect();
    survivor.block_on(async {
        let log = open(&pool, PostgresSettings::default()).await;
        let all = assert_sound(&log).await;
        for (number, answer) in &answers {
            assert_stored(&all, &asked[*number].events, answer);
        }
        // Callers without an answer repeat their appends.
        let again = join_all(asked.iter().map(|asked| insist(&log, asked))).await;
        let all = assert_sound(&log).await;
        assert_eq!(all.len(), 2 * asked.len());
        for (asked, answer) in asked.iter().zip(again) {
            assert_stored(&all, &asked.events, &answer.expect("stored once"));
        }
        database.drop_now().await;
    });
}
