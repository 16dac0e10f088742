//! A read model beside the one that is served: filled, compared, put in its place.

use crate::stage::{GROUP, INTEGRATION, Stage, message_id, posted};
use events::{MessageEvent, StreamName, message};
use projection_service::{SHADOW_SCHEMA, Shadow};
use read_model::{
    difference::{Difference, Found, compare},
    schema::READ_SCHEMA,
};
use serde_json::json;
use std::time::Duration;

async fn say(stage: &Stage, n: u128) -> u64 {
    let id = message_id(n);
    stage.append(StreamName::message(id), posted(id, &format!("раз {n}"))).await
}

/// All that services remember beside the log.
async fn beside_the_log(stage: &Stage) -> Vec<String> {
    let all = "SELECT to_jsonb(e)::text FROM ops.effect e UNION ALL SELECT to_jsonb(c)::text FROM ops.effect_checkpoint c \
        UNION ALL SELECT to_jsonb(w)::text FROM ops.withdrawn w UNION ALL SELECT to_jsonb(r)::text FROM ops.rebuild r \
        ORDER BY 1";
    sqlx::query_scalar(all).fetch_all(&stage.pool).await.unwrap()
}

pub(crate) async fn differences(stage: &Stage) -> Vec<Difference> {
    let mut shadow = Shadow::open(stage.journal.clone(), stage.read.clone()).await.unwrap();
    shadow.fill(|_| {}).await.unwrap();
    let mut snapshot = shadow.comparison_snapshot().await.unwrap();
    let mut found = vec![];
    compare(&mut snapshot.db, (READ_SCHEMA, SHADOW_SCHEMA), async |difference| {
        found.push(difference);
        Ok::<_, sqlx::Error>(())
    })
    .await
    .unwrap();
    found
}

#[tokio::test]
async fn switched_shadow_has_the_served_rows_and_leaves_ops_unchanged() {
    let stage = Stage::set().await;
    for n in 0..30 {
        say(&stage, n).await;
    }
    let gone = message_id(3);
    let deleted = message::Deleted { by: Some(crate::stage::CONTACT) };
    let last = stage.append(StreamName::message(gone), MessageEvent::from(deleted).into()).await;
    stage.projected(last).await;
    let remembered = beside_the_log(&stage).await;
    assert!(stage.count("SELECT count(*) FROM ops.effect").await > 20, "webhooks are planned");

    // Begun, left alone while more happens, and gone on with.
    let mut begun = Shadow::open(stage.journal.clone(), stage.read.clone()).await.unwrap();
    assert_eq!(begun.fill(|_| {}).await.unwrap().position, last);
    drop(begun);
    assert_eq!(beside_the_log(&stage).await, remembered);
    let last = say(&stage, 100).await;
    stage.projected(last).await;
    let mut shadow = Shadow::open(stage.journal.clone(), stage.read.clone()).await.unwrap();
    let filled = shadow.fill(|_| {}).await.unwrap();
    assert_eq!((filled.position, filled.events), (last, 1), "it goes on where it was");

    let (before, remembered) = (stage.dump().await, beside_the_log(&stage).await);
    assert_eq!(shadow.switch().await.unwrap(), last);
    assert_eq!(stage.dump().await, before);
    assert_eq!(beside_the_log(&stage).await, remembered);
    let old = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('read_old', 'read_next')";
    assert_eq!(stage.count(old).await, 0);
    // The projection that was running goes on in the new one.
    let last = say(&stage, 101).await;
    stage.projected(last).await;
    assert_eq!(stage.count("SELECT count(*) FROM read.message WHERE kind = 'plain'").await, 32);
    stage.strike().await;
}

#[tokio::test]
async fn switch_during_projection_loses_no_event() {
    let stage = Stage::set().await;
    let mut last = 0;
    for round in 0..5 {
        for n in 0..20 {
            last = say(&stage, round * 100 + n).await;
        }
        // The projection is at work: the switch happens somewhere amid it.
        let mut shadow = Shadow::open(stage.journal.clone(), stage.read.clone()).await.unwrap();
        shadow.fill(|_| {}).await.unwrap();
        shadow.switch().await.unwrap();
    }
    stage.projected(last).await;
    assert_eq!(stage.count("SELECT count(*) FROM message WHERE kind = 'plain'").await, 100);
    assert_eq!(differences(&stage).await, []);
    stage.strike().await;
}

#[tokio::test]
async fn open_reader_of_the_old_tables_is_never_cancelled() {
    let stage = Stage::set().await;
    let last = say(&stage, 1).await;
    stage.projected(last).await;
    let mut shadow = Shadow::open(stage.journal.clone(), stage.read.clone()).await.unwrap();
    shadow.fill(|_| {}).await.unwrap();
    let mut reader = stage.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM read.message").execute(&mut *reader).await.unwrap();
    let switching = tokio::spawn(async move { shadow.switch().await });
    let old = "SELECT count(*) FROM pg_namespace WHERE nspname = 'read_old'";
    while stage.count(old).await == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Long enough for the switch to try to drop them. As one who had waited for the switch, the reader goes on to others of
    // the tables that it has begun with.
    tokio::time::sleep(Duration::from_millis(300)).await;
    for table in stage.dump_of(READ_SCHEMA).await.into_keys() {
        let read = format!("SELECT FROM read_old.\"{table}\"");
        sqlx::query(sqlx::AssertSqlSafe(read)).execute(&mut *reader).await.unwrap();
    }
    reader.commit().await.unwrap();
    assert_eq!(switching.await.unwrap().unwrap(), last);
    assert_eq!(stage.count(old).await, 0);
    stage.strike().await;
}

#[tokio::test]
async fn comparison_reports_tampered_rows_with_their_columns() {
    let stage = Stage::set().await;
    let last = say(&stage, 1).await;
    stage.projected(last).await;
    assert_eq!(differences(&stage).await, []);

    let tamper = format!(
        "UPDATE message SET body = 'два', important = true WHERE uid = '{0}'; DELETE FROM integration; \
         INSERT INTO member (chat, contact, status, joined_num) VALUES ('{1}', '{0}', 'member', 0)",
        message_id(1),
        GROUP
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(tamper)).execute(&stage.pool).await.unwrap();
    let found = differences(&stage).await;
    let place = |difference: &Difference| (difference.table.clone(), difference.found);
    let places: Vec<_> = found.iter().map(place).collect();
    let expected =
        [("integration", Found::OnlyAfter), ("member", Found::OnlyBefore), ("message", Found::InBoth)];
    assert_eq!(places, expected.map(|(table, found)| (table.to_owned(), found)));
    assert_eq!(found[0].key["uid"], json!(INTEGRATION));
    let columns: Vec<_> = found[2].columns.iter().map(|(name, change)| (&**name, &change.before)).collect();
    assert_eq!(columns, [("body", &json!("два")), ("important", &json!(true))]);
    stage.strike().await;
}
