//! What somebody does who can write to the database and has no key: nothing of it is shown, and it is named.

use sqlx::PgPool;
use std::process::Output;
use uuid::Uuid;
use veche_tests::{
    pair::Circle,
    person::text,
    world::{Layout, LogPlace, Plan, World},
};

/// What addresses of groups begin with.
const GROUP: &str = "g-";
const SECRET: &str = "только для Анны";

async fn circle() -> Circle {
    let plan = Plan::new(Layout::AllInOne).log(LogPlace::Postgres);
    Circle::meet(World::start(plan).await, &["+79083000001", "+79083000002"]).await
}

/// Copies the event that posted a message into the stream of another, with the first ids replaced by the second ones in what is
/// stored of it, and perhaps without its code. Answers the new stream.
async fn copy(pool: &PgPool, message: &str, replaced: (&str, &str), without_code: bool) -> String {
    let id = Uuid::new_v4().to_string();
    let copy = "with moved as (update log.head set position = position + 1 returning position) \
        insert into log.events (position, stream, revision, event_id, kind, data, meta) \
        select moved.position, 'message-' || $2, 0, gen_random_uuid(), e.kind, \
            convert_to(replace(replace(convert_from(e.data, 'UTF8'), $1, $2), $3, $4), 'UTF8'), \
            case when $5 then convert_to(regexp_replace(convert_from(e.meta, 'UTF8'), ',\"mac\":\"[^\"]*\"', ''), 'UTF8') \
                else e.meta end \
        from moved, log.events e where e.stream = 'message-' || $1 and e.revision = 0";
    let copy = sqlx::query(copy).bind(message).bind(&id).bind(replaced.0).bind(replaced.1).bind(without_code);
    let done = copy.execute(pool).await.expect("whoever owns the database can do so");
    assert_eq!(done.rows_affected(), 1);
    format!("message-{id}")
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn a_message_copied_to_where_others_read_is_shown_to_nobody_and_named() {
    let stage = circle().await;
    let Circle { world, anna, boris, team, group } = &stage;
    let private = anna.make_group(&team.uid, "своё", &[]).await;
    let secret = text(&anna.post(&team.uid, &private, SECRET).await["message_id"]);
    let pool = world.pool().await;
    let ids = (private.trim_start_matches(GROUP), group.trim_start_matches(GROUP));
    let streams = [copy(&pool, &secret, ids, false).await, copy(&pool, &secret, ids, true).await];
    anna.post(&team.uid, group, "после").await;
    let seen: serde_json::Value = boris.client.get(stage.messages(group)).await.ok();
    assert!(seen.to_string().contains("после"), "all others go on: {seen}");
    assert!(!seen.to_string().contains(SECRET), "{seen}");
    let parked = world.run(&["parked"]);
    let verified = world.attempt(&["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(1), "{}", words(&verified));
    for stream in &streams {
        assert!(parked.contains(stream.as_str()), "{parked}");
        assert!(words(&verified).contains(stream.as_str()), "{}", words(&verified));
    }
    assert!(parked.contains("it carries no code") && parked.contains("its code does not fit"), "{parked}");
    assert!(world.logs().contains("an event is not believed"), "the log says so");
}

#[tokio::test]
async fn an_event_that_was_changed_is_named_and_nothing_is_decided_on_it() {
    let stage = circle().await;
    let Circle { world, team, .. } = &stage;
    let change = "alter table log.events disable trigger events_append_only";
    let pool = world.pool().await;
    sqlx::query(change).execute(&pool).await.expect("an owner can do so");
    let raise = "update log.events set data = convert_to(replace(convert_from(data, 'UTF8'), '\"member\"', '\"owner\"'), \
        'UTF8') where kind = 'contact.added.v1' and convert_from(data, 'UTF8') like '%\"member\"%'";
    let done = sqlx::query(raise).execute(&pool).await.expect("an owner can do so");
    assert_eq!(done.rows_affected(), 1, "Boris would be an owner");
    let verified = world.attempt(&["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(1), "{}", words(&verified));
    let stream = format!("team-{}", team.uid);
    assert!(words(&verified).contains(&stream), "{}", words(&verified));
    // A read model that is made from it shows what was before, and says where it stands still.
    world.run(&["rebuild"]);
    let parked = world.run(&["parked"]);
    assert!(parked.contains(&stream) && parked.contains("its code does not fit"), "{parked}");
}
