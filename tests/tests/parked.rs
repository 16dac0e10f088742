//! Parked events: what operators see of them, and how they rule on them.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use serde_json::Value;
use std::process::{Child, Command, Stdio};
use veche_tests::{
    person::text,
    two_users::TwoUsersInGroup,
    world::{Layout, LogPlace, Plan, World, program},
};

/// Starts a product with the log in Postgres, where a test can write anything.
async fn in_group() -> TwoUsersInGroup {
    let plan = Plan::new(Layout::AllInOne).log(LogPlace::Postgres);
    TwoUsersInGroup::start(World::start(plan).await, &["+79081000011", "+79081000012"]).await
}

/// Starts a subcommand that runs beside others.
fn tool(world: &World, arguments: &[&str]) -> Child {
    let mut command = Command::new(program());
    command.args(arguments).envs(world.environment().iter().map(|(name, value)| (name, value)));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Appends an event of a kind that only a later version could write to a message's stream. Returns its position.
async fn sing(world: &World, stream: &str) -> i64 {
    let sing = "with moved as (update log.head set position = position + 1 returning position) \
        insert into log.events (position, stream, revision, event_id, kind, data, meta) \
        select position, $1, 1, gen_random_uuid(), 'message.sung.v9', '{}', \
            '{\"at\":\"2026-01-01T00:00:00Z\",\"command\":\"test\",\"app\":\"9\"}' from moved returning position";
    sqlx::query_scalar(sing).bind(stream).fetch_one(&world.pool().await).await.unwrap()
}

#[tokio::test]
async fn parked_streams_are_listed_retried_and_skipped() {
    let fixture = in_group().await;
    let TwoUsersInGroup { world, anna, team, group, .. } = &fixture;
    let id = text(&anna.post(&team.uid, group, "раз").await["message_id"]);
    let stream = format!("message-{}-{id}", team.uid);
    let position = sing(world, &stream).await;
    anna.post(&team.uid, group, "два").await;
    let ready = anna.client.unjudged().get("/readyz?verbose").await;
    let ready = String::from_utf8_lossy(&ready.bytes).into_owned();
    assert!(ready.contains("[+] parked streams: 1"), "{ready}");
    let told = world.run(&["parked"]);
    assert!(told.contains(&format!("{stream} at position {position}")), "{told}");
    assert!(told.contains("message.sung.v9"), "{told}");
    // It is logged once, and not again for every scratch schema in which it is parked too.
    let head = fixture.head().await;
    anna.client.get(fixture.path(&format!("/chats?as_of={head}"))).await.ok();
    let told = world.run(&["rebuild", "--shadow"]);
    assert!(!told.contains("an event is parked"), "{told}");
    assert_eq!(world.logs().matches("an event is parked").count(), 1, "{}", world.logs());
    let told = world.run(&["parked", "retry", "--all"]);
    assert!(told.contains("message.sung.v9"), "it is as unknown as before: {told}");
    let skip = ["parked", "skip", "--position", &position.to_string(), "--reason", "из будущего"];
    let told = world.run(&skip);
    assert!(told.contains("No stream is parked."), "{told}");
    let found: Value = anna.client.get(fixture.path(&format!("/chats/{group}/messages/{id}"))).await.ok();
    assert_eq!(found["content"]["text"], "раз");
}

#[tokio::test]
async fn parked_rulings_at_once_accept_one_and_refuse_the_others() {
    let fixture = in_group().await;
    let TwoUsersInGroup { world, anna, team, group, .. } = &fixture;
    let pool = world.pool().await;
    let id = text(&anna.post(&team.uid, group, "раз").await["message_id"]);
    let position = sing(world, &id).await.to_string();
    anna.post(&team.uid, group, "два").await;
    let skip: &[&str] = &["parked", "skip", "--position", &position, "--reason", "из будущего"];
    let retry: &[&str] = &["parked", "retry", "--all"];
    let asked: Vec<_> = [skip, retry, skip, retry, skip, skip].map(|asked| tool(world, asked)).into();
    let mut skipped = 0;
    for (place, asked) in asked.into_iter().enumerate() {
        let output = asked.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        let refused = words.contains("nothing was ruled: another operator ruled at the same moment")
            || words.contains(&format!("no stream is parked at position {position}"));
        assert_eq!(output.status.code(), Some(i32::from(refused)), "{words}");
        skipped += i64::from([0, 2, 4, 5].contains(&place) && !refused);
    }
    let count = "select count(*) from log.events where kind = 'projection.skipped.v1'";
    let stored: i64 = sqlx::query_scalar(count).fetch_one(&pool).await.unwrap();
    assert!(stored == skipped && skipped <= 1, "{skipped} were told that they were received, {stored} were");
    if stored == 0 {
        world.run(skip);
    }
    let told = world.run(&["rebuild", "diff"]);
    assert!(told.contains("0 rows differ"), "{told}");
}
