//! The rows do not depend on how events are batched: a random history is projected event by event, then rebuilt in large
//! batches, and every table is compared.

#![allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks")]
#![expect(clippy::unwrap_used, reason = "a failing helper is a failing test")]

mod erasure;
mod errands;
#[path = "../support/fixture.rs"]
mod fixture;
mod messaging;
mod other_team;
mod people;
mod rebuild_fixture;
#[path = "../support/sample_events.rs"]
mod sample_events;
mod sample_team;

use crate::{rebuild_fixture::*, sample_team::at};
use chrono::TimeDelta;
use event_log::testing::TestDatabase;
use platform::clock::Clock;
use projection_service::rebuild;
use read_model::schema::{READ_SCHEMA, inside};
use sqlx::PgPool;

#[tokio::test]
async fn rebuild_in_large_batches_gives_the_same_rows() {
    let mut fixture = RebuildFixture::create().await;
    fixture.project_all().await;
    fixture.assert_all_kinds_happened().await;
    let live = fixture.dump().await;
    assert!(live["upload"].len() > 10 && live["message"].iter().any(|row| row.contains(".png")));
    let tells = |table: &str, what: &str| live[table].iter().any(|row| row.contains(what));
    assert!(!live["task_upload"].is_empty() && tells("task", "\"expired\": true"));
    assert!(
        tells("message", "\"what\": \"assignee\"") && tells("message", "\"was\""),
        "tasks have histories"
    );
    assert!(live["message"].len() > 200 && live["feed"].len() > 400, "the history is long");
    let planned = || async {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM ops.effect")
            .fetch_one(&fixture.pool)
            .await
            .unwrap()
    };
    let before = planned().await;
    assert!(before > 0);
    fixture.assert_rebuild_is_equal().await;
    assert_eq!(planned().await, before, "a rebuild plans nothing again");
    fixture.tear_down().await;
}

/// Notices before the cutoff are not written, and the feed floor says so; everything else is equal.
#[tokio::test]
async fn rebuild_with_a_cutoff_writes_only_recent_notices() {
    let mut fixture = RebuildFixture::create().await;
    fixture.project_all().await;
    let live = fixture.dump().await;
    let (clock, _) = Clock::scripted(at(fixture.step / 2) + TimeDelta::days(1));
    let lately = projection_service::NoticePolicy::Recent { max_age: TimeDelta::days(1), clock };
    rebuild(&fixture.projector.clone().with_notices(lately), |_| {}).await.unwrap();
    let rebuilt = fixture.dump().await;
    let floor = sqlx::query_scalar::<_, i64>("SELECT position FROM read.feed_floor");
    let floor = floor.fetch_one(&fixture.pool).await.unwrap();
    let last = sqlx::query_scalar::<_, i64>("SELECT position FROM read.checkpoint");
    assert!(0 < floor && floor < last.fetch_one(&fixture.pool).await.unwrap());
    for table in TABLES.into_iter().filter(|table| *table != "feed_floor") {
        let above = |row: &&String| {
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            row["position"].as_i64().is_none_or(|position| position > floor)
        };
        match table {
            "feed" | "retold" => {
                assert!(rebuilt[table].len() < live[table].len(), "read.{table}");
                assert!(
                    rebuilt[table].iter().filter(above).eq(live[table].iter().filter(above)),
                    "read.{table}"
                );
            }
            _ => assert_eq!(rebuilt[table], live[table], "read.{table}"),
        }
    }
    fixture.tear_down().await;
}

/// Without notices, events about messages are applied in sets.
#[tokio::test]
async fn rebuild_without_notices_gives_the_same_rows() {
    let mut fixture = RebuildFixture::create().await;
    fixture.project_all().await;
    fixture.assert_all_kinds_happened().await;
    let live = fixture.dump().await;
    let silent = fixture.projector.clone().with_notices(projection_service::NoticePolicy::None);
    rebuild(&silent, |_| {}).await.unwrap();
    let rebuilt = fixture.dump().await;
    let rows = |table: &str, what: &str| live[table].iter().filter(|row| row.contains(what)).count();
    assert!(rows("message", "\"deleted\": true") > 1 && rows("message", "\"edited\": \"2") > 1);
    assert!(live["reaction"].len() > 1 && live["reading"].len() > 1);
    for table in TABLES.into_iter().filter(|table| !["feed", "retold", "feed_floor"].contains(table)) {
        assert_eq!(rebuilt[table], live[table], "read.{table}");
    }
    assert!(rebuilt["feed"].is_empty() && rebuilt["retold"].is_empty(), "nobody is told");
    fixture.tear_down().await;
}

#[tokio::test]
async fn tables_of_another_version_are_recreated_and_unavailable_until_rebuilt() {
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
