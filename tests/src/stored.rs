//! Reads the log of a running product through the adapters, and compares its read model with a rebuilt one.

use crate::{dump, eventually, load::Stored, world::World};
use event_log::{EventStoreDbLog, EventStoreDbSettings, Log, PostgresLog, PostgresSettings, RawEvent};
use events::Position;
use sqlx::PgPool;

/// Opens the log at a URL.
pub async fn log(url: &str) -> Log {
    if url.starts_with("postgres") {
        let pool = PgPool::connect(url).await.expect("the database accepts connections");
        return Log::Postgres(PostgresLog::open(pool, PostgresSettings::default()).await.expect("a log"));
    }
    let opened = EventStoreDbLog::open(url, EventStoreDbSettings::default()).await;
    Log::EventStoreDb(opened.expect("the server answers"))
}

/// Reads all events of the log at a URL, in order.
pub async fn events(url: &str) -> Vec<RawEvent> {
    let log = log(url).await;
    let (mut all, mut after) = (vec![], 0);
    loop {
        let page = log.read_all(after, 500).await.expect("the log can be read");
        let Some(last) = page.last() else { break };
        after = last.position;
        all.extend(page);
    }
    if log.capabilities().dense_positions {
        assert_eq!(all.len() as u64, after, "positions have no holes");
    }
    log.close().await;
    all
}

/// The head of the log.
pub async fn head(world: &World) -> Position {
    head_of(world.log_url()).await
}

async fn head_of(url: &str) -> Position {
    let log = log(url).await;
    let head = log.head().await.expect("the log can be read");
    log.close().await;
    head
}

/// Counts the events that meet a condition.
pub async fn count(world: &World, is_such: impl Fn(&RawEvent) -> bool) -> usize {
    events(world.log_url()).await.iter().filter(|event| is_such(event)).count()
}

/// Counts the events of a stored name.
pub async fn count_of(world: &World, kind: &str) -> usize {
    count(world, |event| event.kind == kind).await
}

/// All events, in order, in the form that acknowledgements are compared with.
pub async fn everything(url: &str) -> Vec<Stored> {
    let stored = |event: RawEvent| Stored {
        stream: event.stream.to_string(),
        kind: event.kind,
        data: event.data.to_vec(),
    };
    events(url).await.into_iter().map(stored).collect()
}

/// Waits until the read model has the whole log.
pub async fn projected(pool: &PgPool, url: &str) {
    let head = head_of(url).await;
    eventually::until("the read model has everything", async || {
        let position: i64 =
            sqlx::query_scalar("select position from read.checkpoint").fetch_one(pool).await.expect("read");
        (position.cast_unsigned() >= head).then_some(())
    })
    .await;
}

/// Waits until the auditor's chain covers the whole log.
pub async fn hashed(pool: &PgPool, url: &str) {
    let head = head_of(url).await;
    eventually::within(eventually::START_GUARD, "all of history is hashed", async || {
        let position: i64 =
            sqlx::query_scalar("select position from audit.head").fetch_one(pool).await.expect("a chain");
        (position.cast_unsigned() >= head).then_some(())
    })
    .await;
}

/// Checks that the read model, which has the whole log and no writer any more, equals a rebuilt one.
pub async fn is_what_a_rebuild_makes(world: &World) {
    let pool = world.pool().await;
    let before = dump::read_model(&pool).await;
    world.run(&["rebuild"]);
    let differences = dump::differences(&before, &dump::read_model(&pool).await);
    assert!(differences.is_empty(), "a rebuild makes another read model:\n{}", differences.join("\n"));
}
