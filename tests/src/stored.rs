//! What a log in EventStoreDB holds, read by the adapter as anybody would, and what a rebuild makes of it.

use crate::{dump, load::Stored, patience, world::World};
use event_log::{EventStoreDbLog, EventStoreDbSettings, Log};
use sqlx::PgPool;

/// The log at a URL.
///
/// # Panics
/// The server does not answer.
pub async fn log(url: &str) -> Log {
    let opened = EventStoreDbLog::open(url, EventStoreDbSettings::default()).await;
    Log::EventStoreDb(opened.expect("the server answers"))
}

/// All events, in order.
///
/// # Panics
/// The log cannot be read.
pub async fn everything(url: &str) -> Vec<Stored> {
    let log = log(url).await;
    let (mut all, mut after) = (vec![], 0);
    loop {
        let page = log.read_all(after, 500).await.expect("the log can be read");
        let Some(last) = page.last() else { return all };
        after = last.position;
        all.extend(page.into_iter().map(|event| Stored {
            stream: event.stream.to_string(),
            kind: event.kind,
            data: event.data.to_vec(),
        }));
    }
}

/// Waits until the read model shows all of the log.
///
/// # Panics
/// It does not.
pub async fn projected(pool: &PgPool, url: &str) {
    let head = log(url).await.head().await.expect("the log can be read");
    patience::until("the read model has everything", async || {
        let position: i64 =
            sqlx::query_scalar("select position from read.checkpoint").fetch_one(pool).await.expect("read");
        (position.cast_unsigned() >= head).then_some(())
    })
    .await;
}

/// Waits until the auditor's chain covers all of the log.
///
/// # Panics
/// It does not.
pub async fn hashed(pool: &PgPool, url: &str) {
    let head = log(url).await.head().await.expect("the log can be read");
    patience::within(patience::START_GUARD, "all of history is hashed", async || {
        let position: i64 =
            sqlx::query_scalar("select position from audit.head").fetch_one(pool).await.expect("a chain");
        (position.cast_unsigned() >= head).then_some(())
    })
    .await;
}

/// The read model, which shows all of the log and is left alone by now, is the one that the log makes from nothing.
///
/// # Panics
/// It is another one.
pub async fn is_what_a_rebuild_makes(world: &World) {
    let pool = world.pool().await;
    let before = dump::read_model(&pool).await;
    world.run(&["rebuild"]);
    let differences = dump::differences(&before, &dump::read_model(&pool).await);
    assert!(differences.is_empty(), "a rebuild makes another read model:\n{}", differences.join("\n"));
}
