//! The shadow is filled, compared and switched to.

use crate::team_fixture::{GROUP, INTEGRATION, TeamFixture, message_id, posted, stream_of};
use events::{MessageEvent, message};
use projection_service::{SHADOW_SCHEMA, Shadow};
use read_model::{
    difference::{Difference, Found, compare},
    schema::READ_SCHEMA,
};
use serde_json::json;
use std::time::Duration;

async fn say(team: &TeamFixture, n: u128) -> u64 {
    let id = message_id(n);
    team.append(stream_of(id), posted(id, &format!("раз {n}"))).await
}

/// All rows of `ops` that services have written.
async fn ops_rows(team: &TeamFixture) -> Vec<String> {
    let all = "SELECT to_jsonb(e)::text FROM ops.effect e UNION ALL SELECT to_jsonb(c)::text FROM ops.effect_checkpoint c \
        UNION ALL SELECT to_jsonb(w)::text FROM ops.withdrawn w UNION ALL SELECT to_jsonb(r)::text FROM ops.rebuild r \
        ORDER BY 1";
    sqlx::query_scalar(all).fetch_all(&team.pool).await.unwrap()
}

pub(crate) async fn differences(team: &TeamFixture) -> Vec<Difference> {
    let mut shadow = Shadow::open(team.journal.clone(), team.read.clone()).await.unwrap();
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
    let team = TeamFixture::create().await;
    for n in 0..30 {
        say(&team, n).await;
    }
    let gone = message_id(3);
    let deleted = message::Deleted { by: Some(crate::team_fixture::CONTACT) };
    let last = team.append(stream_of(gone), MessageEvent::from(deleted).into()).await;
    team.projected(last).await;
    let remembered = ops_rows(&team).await;
    assert!(team.count("SELECT count(*) FROM ops.effect").await > 20, "webhooks are planned");

    // The shadow is begun, left while more events follow, and continued.
    let mut begun = Shadow::open(team.journal.clone(), team.read.clone()).await.unwrap();
    assert_eq!(begun.fill(|_| {}).await.unwrap().position, last);
    drop(begun);
    assert_eq!(ops_rows(&team).await, remembered);
    let last = say(&team, 100).await;
    team.projected(last).await;
    let mut shadow = Shadow::open(team.journal.clone(), team.read.clone()).await.unwrap();
    let filled = shadow.fill(|_| {}).await.unwrap();
    assert_eq!((filled.position, filled.events), (last, 1), "it goes on where it was");

    let (before, remembered) = (team.dump().await, ops_rows(&team).await);
    assert_eq!(shadow.switch().await.unwrap(), last);
    assert_eq!(team.dump().await, before);
    assert_eq!(ops_rows(&team).await, remembered);
    let old = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('read_old', 'read_next')";
    assert_eq!(team.count(old).await, 0);
    // The running projection continues in the new read model.
    let last = say(&team, 101).await;
    team.projected(last).await;
    assert_eq!(team.count("SELECT count(*) FROM read.message WHERE kind = 'plain'").await, 32);
    team.tear_down().await;
}

#[tokio::test]
async fn switch_during_projection_loses_no_event() {
    let team = TeamFixture::create().await;
    let mut last = 0;
    for round in 0..5 {
        for n in 0..20 {
            last = say(&team, round * 100 + n).await;
        }
        // The projection is running, so the switch happens between two of its batches.
        let mut shadow = Shadow::open(team.journal.clone(), team.read.clone()).await.unwrap();
        shadow.fill(|_| {}).await.unwrap();
        shadow.switch().await.unwrap();
    }
    team.projected(last).await;
    assert_eq!(team.count("SELECT count(*) FROM message WHERE kind = 'plain'").await, 100);
    assert_eq!(differences(&team).await, []);
    team.tear_down().await;
}

#[tokio::test]
async fn open_reader_of_the_old_tables_is_never_cancelled() {
    let team = TeamFixture::create().await;
    let last = say(&team, 1).await;
    team.projected(last).await;
    let mut shadow = Shadow::open(team.journal.clone(), team.read.clone()).await.unwrap();
    shadow.fill(|_| {}).await.unwrap();
    let mut reader = team.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM read.message").execute(&mut *reader).await.unwrap();
    let switching = tokio::spawn(async move { shadow.switch().await });
    let old = "SELECT count(*) FROM pg_namespace WHERE nspname = 'read_old'";
    while team.count(old).await == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Long enough for the switch to try to drop the old tables. Then the reader needs further tables of the old schema, as a
    // query that waited for the switch does.
    tokio::time::sleep(Duration::from_millis(300)).await;
    for table in team.dump_of(READ_SCHEMA).await.into_keys() {
        let read = format!("SELECT FROM read_old.\"{table}\"");
        sqlx::query(sqlx::AssertSqlSafe(read)).execute(&mut *reader).await.unwrap();
    }
    reader.commit().await.unwrap();
    assert_eq!(switching.await.unwrap().unwrap(), last);
    assert_eq!(team.count(old).await, 0);
    team.tear_down().await;
}

#[tokio::test]
async fn comparison_reports_tampered_rows_with_their_columns() {
    let team = TeamFixture::create().await;
    let last = say(&team, 1).await;
    team.projected(last).await;
    assert_eq!(differences(&team).await, []);

    let tamper = format!(
        "UPDATE message SET body = 'два', important = true WHERE uid = '{0}'; DELETE FROM integration; \
         INSERT INTO member (chat, contact, status, joined_num) VALUES ('{1}', '{0}', 'member', 0)",
        message_id(1),
        GROUP
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(tamper)).execute(&team.pool).await.unwrap();
    let found = differences(&team).await;
    let place = |difference: &Difference| (difference.table.clone(), difference.found);
    let places: Vec<_> = found.iter().map(place).collect();
    let expected =
        [("integration", Found::OnlyAfter), ("member", Found::OnlyBefore), ("message", Found::InBoth)];
    assert_eq!(places, expected.map(|(table, found)| (table.to_owned(), found)));
    assert_eq!(found[0].key["uid"], json!(INTEGRATION));
    let columns: Vec<_> = found[2].columns.iter().map(|(name, change)| (&**name, &change.before)).collect();
    assert_eq!(columns, [("body", &json!("два")), ("important", &json!(true))]);
    team.tear_down().await;
}
