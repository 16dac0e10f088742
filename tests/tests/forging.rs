//! An attacker with write access to the database and without keys: forged events are shown to nobody, and are reported.

use sqlx::PgPool;
use std::process::Output;
use uuid::Uuid;
use veche_tests::{
    eventually,
    person::{Person, text},
    two_users::TwoUsersInGroup,
    world::{Layout, LogPlace, Plan, World},
};

/// The first characters of a group's address.
const GROUP: &str = "g-";
const SECRET: &str = "только для Анны";

async fn in_group() -> TwoUsersInGroup {
    let plan = Plan::new(Layout::AllInOne).log(LogPlace::Postgres);
    TwoUsersInGroup::start(World::start(plan).await, &["+79083000001", "+79083000002"]).await
}

/// Copies the event of a posted message into a new stream, replacing the first ids by the second ones in the stored event, with or
/// without its code. Returns the new stream.
async fn copy(
    pool: &PgPool,
    (team, message): (&str, &str),
    replaced: (&str, &str),
    without_code: bool,
) -> String {
    let id = Uuid::new_v4().to_string();
    let copy = "with moved as (update log.head set position = position + 1 returning position) \
        insert into log.events (position, stream, revision, event_id, kind, data, meta) \
        select moved.position, $6 || $2, 0, gen_random_uuid(), e.kind, \
            convert_to(replace(replace(convert_from(e.data, 'UTF8'), $1, $2), $3, $4), 'UTF8'), \
            case when $5 then convert_to(regexp_replace(convert_from(e.meta, 'UTF8'), ',\"mac\":\"[^\"]*\"', ''), 'UTF8') \
                else e.meta end \
        from moved, log.events e where e.stream = $6 || $1 and e.revision = 0";
    let streams = format!("message-{team}-");
    let copy = sqlx::query(copy).bind(message).bind(&id).bind(replaced.0).bind(replaced.1).bind(without_code);
    let done = copy.bind(&streams).execute(pool).await.expect("the owner of the database can do so");
    assert_eq!(done.rows_affected(), 1);
    format!("{streams}{id}")
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn message_copied_into_another_stream_is_shown_to_nobody_and_reported() {
    let fixture = in_group().await;
    let TwoUsersInGroup { world, anna, boris, team, group } = &fixture;
    let private = anna.make_group(&team.uid, "своё", &[]).await;
    let secret = text(&anna.post(&team.uid, &private, SECRET).await["message_id"]);
    let pool = world.pool().await;
    let ids = (private.trim_start_matches(GROUP), group.trim_start_matches(GROUP));
    let message = (team.uid.as_str(), secret.as_str());
    let streams = [copy(&pool, message, ids, false).await, copy(&pool, message, ids, true).await];
    anna.post(&team.uid, group, "после").await;
    let seen: serde_json::Value = boris.client.get(fixture.messages(group)).await.ok();
    assert!(seen.to_string().contains("после"), "all others go on: {seen}");
    assert!(!seen.to_string().contains(SECRET), "{seen}");
    let parked = world.run(&["parked"]);
    let verified = world.attempt(&["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(1), "{}", words(&verified));
    for stream in &streams {
        assert!(parked.contains(stream.as_str()), "{parked}");
        assert!(words(&verified).contains(stream.as_str()), "{}", words(&verified));
    }
    assert!(parked.contains("it has no code") && parked.contains("its code does not match"), "{parked}");
    assert!(world.logs().contains("an event is not believed"), "the log says so");
}

#[tokio::test]
async fn changed_event_is_reported_and_no_decision_uses_it() {
    let fixture = in_group().await;
    let TwoUsersInGroup { world, team, .. } = &fixture;
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
    // A rebuilt read model shows the state before the change, and reports the parked stream.
    world.run(&["rebuild"]);
    let parked = world.run(&["parked"]);
    assert!(parked.contains(&stream) && parked.contains("its code does not match"), "{parked}");
}

/// The caller's own page, once cached rights have expired.
async fn refused(person: &Person, path: &str, code: &str) {
    eventually::until("the row gives no rights", async || {
        let answer = person.client.unjudged().get(path).await;
        (answer.json["error"] == code).then_some(())
    })
    .await;
}

#[tokio::test]
async fn changed_rows_grant_no_session_and_no_status() {
    let fixture = in_group().await;
    let TwoUsersInGroup { world, anna, boris, team, group } = &fixture;
    let pool = world.pool().await;
    let raise = "update read.contact set status = 'owner' where team = $1 and status = 'member' and account is not null";
    let team_id = Uuid::parse_str(&team.uid).expect("a team's id");
    let done = sqlx::query(raise).bind(team_id).execute(&pool).await.expect("an owner can do so");
    assert_eq!(done.rows_affected(), 1, "Boris would be an owner");
    refused(boris, &fixture.path(""), "NOT_FOUND").await;
    anna.post(&team.uid, group, "все на месте").await;

    let whose = "update read.session set account = (select account from read.contact where status = 'owner' and team = $1 \
        and account <> read.session.account) where account = (select account from read.contact where team = $1 and phone = $2)";
    let done = sqlx::query(whose).bind(team_id).bind(&boris.phone).execute(&pool).await;
    assert_eq!(done.expect("an owner can do so").rows_affected(), 1, "Boris' token would be Anna's");
    refused(boris, "/api/v3/me", "INVALID_TOKEN").await;
    assert!(world.logs().contains("forged row: its code is missing or wrong"), "the log says so");
    world.run(&["rebuild"]);
    eventually::until("a rebuild makes the rows as they were", async || {
        (boris.client.unjudged().get(fixture.path("")).await.json["ok"] == true).then_some(())
    })
    .await;
}

#[tokio::test]
async fn log_without_its_event_codes_is_refused() {
    let plan = Plan::new(Layout::AllInOne).log(LogPlace::Postgres).set("VECHE_AUDIT_CHECKPOINT_SEC", "1");
    let fixture = TwoUsersInGroup::start(World::start(plan).await, &["+79083000003", "+79083000004"]).await;
    let world = &fixture.world;
    let file = world.data().join("audit/checkpoints.ndjson");
    let lines = async || std::fs::read_to_string(&file).ok();
    let signed = async || lines().await.filter(|text| text.contains("guarded") && text.contains("position"));
    let kept = eventually::until("the file outside says that the log carries codes", signed).await;
    let pool = world.pool().await;
    let strip = "alter table log.events disable trigger events_append_only; \
        update log.events set meta = convert_to(regexp_replace(convert_from(meta, 'UTF8'), ',\"mac\":\"[^\"]*\"', ''), 'UTF8')";
    sqlx::raw_sql(strip).execute(&pool).await.expect("an owner can do so");
    let migrated = world.attempt(&["migrate"]);
    assert!(
        !migrated.status.success() && words(&migrated).contains("the log was tampered with"),
        "{}",
        words(&migrated)
    );
    // Without the external file nothing shows that the log is from an earlier version either.
    std::fs::remove_file(&file).expect("it is there");
    let migrated = world.attempt(&["migrate"]);
    assert!(
        !migrated.status.success() && words(&migrated).contains("no checkpoint in"),
        "{}",
        words(&migrated)
    );
    // The log as an earlier version left it: signed and without codes.
    let before: String =
        kept.lines().filter(|line| !line.contains("guarded")).map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, before).expect("it can be written");
    let count = "select count(*) from log.events where kind = 'history.guarded.v1'";
    let guarded = async || sqlx::query_scalar::<_, i64>(count).fetch_one(&pool).await.expect("a log");
    assert_eq!(guarded().await, 0);
    world.run(&["migrate"]);
    assert_eq!(guarded().await, 1, "codes have begun");
    world.run(&["migrate"]);
    assert_eq!(guarded().await, 1, "once");
    world.run(&["migrate", "--accept-history", "settled"]);
    assert_eq!(guarded().await, 2, "an operator's word is recorded");
}
