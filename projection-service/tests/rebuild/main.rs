//! However events are cut into batches, the rows come out the same: a story is projected event by event as it happens,
//! then rebuilt in large batches, and every table is compared.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod erasure;
mod story;
mod telling;

use crate::telling::*;
use event_log::testing::TestDatabase;
use read_model::schema::{READ_SCHEMA, inside};
use sqlx::PgPool;

#[tokio::test]
async fn rows_do_not_depend_on_how_events_are_batched() {
    let mut telling = Telling::begin().await;
    telling.tell_all().await;
    let live = dump(&telling.pool).await;
    assert!(live["upload"].len() > 10 && live["message"].iter().any(|row| row.contains(".png")));
    let tells = |table: &str, what: &str| live[table].iter().any(|row| row.contains(what));
    assert!(!live["task_upload"].is_empty() && tells("task", "\"expired\": true"));
    assert!(
        tells("message", "\"what\": \"assignee\"") && tells("message", "\"was\""),
        "tasks have histories"
    );
    assert!(live["message"].len() > 200 && live["feed"].len() > 400, "the story is told");
    let planned = || async {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM ops.effect")
            .fetch_one(&telling.pool)
            .await
            .unwrap()
    };
    let before = planned().await;
    assert!(before > 0);
    telling.rebuild_alike().await;
    assert_eq!(planned().await, before, "a rebuild plans nothing again");
    telling.end().await;
}

#[tokio::test]
async fn tables_of_another_program_are_made_anew_and_nobody_is_let_in_before_they_are_full() {
    let database = TestDatabase::create().await;
    let pool = PgPool::connect_with(inside(database.options(), READ_SCHEMA)).await.unwrap();
    let state = || async {
        sqlx::query_as::<_, (i64, i64)>("SELECT c.position, r.until FROM read.checkpoint c, ops.rebuild r")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    read_model::schema::migrate(&pool, 0).await.unwrap();
    sqlx::query("UPDATE read.checkpoint SET position = 5").execute(&pool).await.unwrap();
    read_model::schema::migrate(&pool, 7).await.unwrap();
    assert_eq!(state().await, (5, 0), "the same tables stay");
    sqlx::query("UPDATE read.shape SET fingerprint = 'another'").execute(&pool).await.unwrap();
    read_model::schema::migrate(&pool, 7).await.unwrap();
    assert_eq!(state().await, (0, 7), "others are dropped, and are full again at the head");
    pool.close().await;
    database.drop_now().await;
}
