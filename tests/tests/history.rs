//! History as a tool: teams as of a time, and a read model rebuilt and switched under load.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use http::Method;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;
use veche_tests::{
    client::Client,
    exchange::{Body, Call},
    person::text,
    two_users::TwoUsersInGroup,
    world::{Layout, LogPlace, Plan, World, program},
};

const ANNA: &str = "+79081000001";
const BORIS: &str = "+79081000002";

async fn in_group(plan: Plan) -> TwoUsersInGroup {
    TwoUsersInGroup::start(World::start(plan).await, &[ANNA, BORIS]).await
}

#[tokio::test]
async fn as_of_query_shows_the_team_at_that_time() {
    shown_as_it_was(Plan::new(Layout::AllInOne)).await;
}

/// Positions of the read model that a test can name only after reading them.
#[tokio::test]
async fn as_of_query_on_eventstoredb_shows_the_team_at_that_time() {
    shown_as_it_was(Plan::new(Layout::AllInOne).log(LogPlace::EventStoreDb)).await;
}

async fn shown_as_it_was(plan: Plan) {
    let fixture = in_group(plan).await;
    let TwoUsersInGroup { world, anna, boris, team, group } = &fixture;
    let pool = world.pool().await;
    let said = text(&anna.post(&team.uid, group, "на миг").await["message_id"]);
    let kept = text(&anna.post(&team.uid, group, "надолго").await["message_id"]);
    let kept = fixture.path(&format!("/chats/{group}/messages/{kept}"));
    let integration = json!({"kind": "raw", "comment": "сборка", "group": group, "enabled": true});
    anna.client.post(format!("/api/v3/teams/{}/integrations", team.uid), integration).await.ok();
    let before = fixture.head().await;
    let then: String = sqlx::query_scalar(
        "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    anna.client.put(format!("/api/v3/teams/{}", team.uid), json!({"name": "Рота"})).await.ok();
    anna.client.delete(fixture.path(&format!("/chats/{group}/messages/{said}"))).await.ok();
    let clara = json!({"phone": "+79081000003", "given_name": "Клара"});
    let clara = text(&anna.client.post(fixture.path("/contacts"), clara).await.ok()["jid"]);
    anna.remove(&team.uid, &clara).await;
    let after = fixture.head().await;
    let effects: i64 = sqlx::query_scalar("select count(*) from ops.effect").fetch_one(&pool).await.unwrap();

    let message = fixture.path(&format!("/chats/{group}/messages/{said}"));
    let past = [before.to_string(), then.clone(), then.replace('Z', "+00:00")];
    for as_of in &past {
        let answer = anna.client.get(format!("/api/v3/teams/{}?as_of={as_of}", team.uid)).await;
        assert_eq!(answer.header("event-position").map(str::len), Some(before.to_string().len()));
        let shown = answer.ok();
        assert_eq!(shown["name"], "Полк", "as of {as_of}");
        let told = boris.client.get(format!("{kept}?as_of={as_of}")).await.ok();
        assert_eq!(told["content"]["text"], "надолго", "{told}");
        // A message deleted since then is deleted in the past too, also for owners.
        for reader in [boris, anna] {
            let told = reader.client.get(format!("{message}?as_of={as_of}")).await.ok();
            assert_eq!((&told["content"]["type"], &told["content"]["text"]), (&json!("deleted"), &json!("")));
        }
        let contacts = anna.client.get(fixture.path(&format!("/contacts?as_of={as_of}"))).await.ok();
        assert!(!contacts.to_string().contains("Клара"), "{contacts}");
        boris
            .client
            .get(fixture.path(&format!("/contacts/{clara}?as_of={as_of}")))
            .await
            .fails(404, "NOT_FOUND");
        let list =
            anna.client.get(format!("/api/v3/teams/{}/integrations?as_of={as_of}", team.uid)).await.ok();
        assert!(list.to_string().contains("сборка"), "{list}");
    }
    // The present and the newest moment show the same.
    for path in [
        "",
        "/contacts",
        "/chats",
        "/groups",
        "/messages",
        "/contact-sections",
        "/tasks",
        "/tags",
        "/reminds",
    ] {
        let path = fixture.path(path);
        let (now, past) = (
            anna.client.get(path.clone()).await.ok(),
            anna.client.get(format!("{path}?as_of={after}")).await.ok(),
        );
        assert_eq!(past, now, "{path}");
    }
    let told = anna.client.get(format!("{message}?as_of={after}")).await.ok();
    assert!(
        told["is_deleted"] == true
            || told["content"]["type"] == "deleted"
            || !told.to_string().contains("на миг")
    );
    let planned: i64 = sqlx::query_scalar("select count(*) from ops.effect").fetch_one(&pool).await.unwrap();
    assert_eq!(planned, effects, "a look at the past plans nothing");
}

#[tokio::test]
async fn as_of_query_is_for_current_members_and_shows_what_they_could_see() {
    let fixture = in_group(Plan::new(Layout::AllInOne)).await;
    let TwoUsersInGroup { anna, boris, team, group, .. } = &fixture;
    let of_team = |as_of: &str| format!("/api/v3/teams/{}?as_of={as_of}", team.uid);
    // Before the team existed, while it grew, and values that are no moment.
    anna.client.get(of_team("1")).await.fails(404, "NOT_FOUND");
    anna.client.get(of_team("2001-01-01T00:00:00Z")).await.fails(404, "NOT_FOUND");
    for wrong in ["yesterday", "-1", "99999999999", "2999-01-01T00:00:00Z"] {
        let refused = anna.client.get(of_team(wrong)).await.fails(422, "INVALID_DATA");
        assert!(refused.json["details"]["as_of"].is_string(), "{refused}");
    }
    // Boris has left this group; as of then he could read it.
    anna.post(&team.uid, group, "между нами").await;
    let inside = fixture.head().await;
    let his = team.jid_of(BORIS);
    anna.client.delete(fixture.path(&format!("/groups/{group}/members/{his}"))).await.ok();
    let messages = fixture.path(&format!("/chats/{group}/messages"));
    boris.client.get(messages.clone()).await.fails(404, "NOT_FOUND");
    let told = boris.client.get(format!("{messages}?as_of={inside}")).await.ok();
    assert!(told.to_string().contains("между нами"), "{told}");
    // A former admin sees no keys of any time.
    let change = |status: &str| json!({"status": status});
    anna.client.put(fixture.path(&format!("/contacts/{his}")), change("admin")).await.ok();
    let admin = fixture.head().await;
    let keys = format!("/api/v3/teams/{}/integrations?as_of={admin}", team.uid);
    boris.client.get(keys.clone()).await.ok();
    anna.client.put(fixture.path(&format!("/contacts/{his}")), change("member")).await.ok();
    boris.client.get(keys).await.fails(403, "ACCESS_DENIED");
    // A former member has no access to the team's past.
    anna.remove(&team.uid, &his).await;
    boris.client.get(of_team(&inside.to_string())).await.fails(404, "NOT_FOUND");
}

#[tokio::test]
async fn as_of_schemas_are_limited_in_number_and_events() {
    let plan =
        Plan::new(Layout::AllInOne).set("VECHE_HISTORY_SCHEMAS", "2").set("VECHE_HISTORY_MAX_EVENTS", "40");
    let fixture = in_group(plan).await;
    let TwoUsersInGroup { world, anna, team, group, .. } = &fixture;
    let head = fixture.head().await;
    let of_team = |as_of: u64| format!("/api/v3/teams/{}?as_of={as_of}", team.uid);
    // Concurrent requests for one moment build it once.
    let asked = futures::future::join_all((0..8).map(|_| anna.client.get(of_team(head)))).await;
    asked.into_iter().for_each(|answer| drop(answer.ok()));
    let pool = world.pool().await;
    let count = "select count(*) from pg_namespace where nspname like 'past\\_%'";
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&pool).await.unwrap(), 1);
    anna.client.get(of_team(head - 1)).await.ok();
    // Both schemas are in use: a third one has room once one is idle.
    anna.client.get(of_team(head - 2)).await.fails(503, "UNAVAILABLE");
    sqlx::query("update past.scratch set used = used - interval '1 minute'").execute(&pool).await.unwrap();
    anna.client.get(of_team(head - 2)).await.ok();
    let schemas: i64 = sqlx::query_scalar(count).fetch_one(&pool).await.unwrap();
    assert_eq!(schemas, 2);
    for n in 0..40 {
        anna.post(&team.uid, group, &n.to_string()).await;
    }
    sqlx::query("update past.scratch set used = used - interval '1 minute'").execute(&pool).await.unwrap();
    let head = fixture.head().await;
    anna.client.get(of_team(head)).await.fails(422, "INVALID_DATA");
}

/// Posts and reads without a pause until stopped; any failure fails the test.
fn busy(client: Client, team: String, group: String, stop: Arc<AtomicBool>) -> JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let mut posted = vec![];
        while !stop.load(Ordering::Relaxed) {
            let body = json!({"to": group, "content": {"type": "plain", "text": "раз"}});
            let path = format!("/api/v3/teams/{team}/ws/client.message.updated");
            let call = Call::new(Method::POST, path, Body::Json(body));
            let id = text(&client.try_send(call).await.unwrap().ok()["message_id"]);
            let path = format!("/api/v4/teams/{team}/chats/{group}/messages/{id}");
            client.try_send(Call::new(Method::GET, path, Body::Empty)).await.unwrap().ok();
            for path in ["contacts", "chats", "messages?limit=5"] {
                let path = format!("/api/v4/teams/{team}/{path}");
                client.try_send(Call::new(Method::GET, path, Body::Empty)).await.unwrap().ok();
            }
            posted.push(id);
        }
        posted
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn shadow_switch_under_load_fails_no_request_and_loses_no_frame() {
    let fixture = in_group(Plan::new(Layout::AllInOne)).await;
    let TwoUsersInGroup { world, anna, boris, team, group } = &fixture;
    let mut socket = boris.socket(&team.uid).await;
    socket.caught_up().await;
    let stop = Arc::new(AtomicBool::new(false));
    let work: Vec<_> = (0..4)
        .map(|n| {
            let client = if n % 2 == 0 { &anna.client } else { &boris.client };
            busy(client.clone(), team.uid.clone(), group.clone(), stop.clone())
        })
        .collect();
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let told = tokio::task::block_in_place(|| world.run(&["rebuild", "--shadow", "--switch"]));
        assert!(told.contains("is served from position"), "{told}");
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);
    let mut posted = BTreeSet::new();
    for work in work {
        posted.extend(work.await.unwrap());
    }
    assert!(posted.len() > 20, "there was load: {}", posted.len());
    let (mut received, mut last) = (BTreeSet::new(), (0, 0));
    while received.len() < posted.len() {
        let frame = socket.expect("a message", |frame| frame["event"] == "server.message.updated").await;
        let number = |name: &str| frame[name].as_u64().unwrap();
        let point = (number("position"), number("ordinal"));
        assert!(point > last, "frames are in the order of the log: {frame}");
        last = point;
        received.insert(text(&frame["params"]["messages"][0]["message_id"]));
    }
    assert_eq!(received, posted);
    let told = tokio::task::block_in_place(|| world.run(&["rebuild", "diff"]));
    assert!(told.contains("0 rows differ"), "{told}");
    assert_eq!(world.logs().matches("ERROR").count(), 0, "{}", world.logs());
}

/// Starts a subcommand of the product, which may be killed or fail.
fn tool(world: &World, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).envs(world.environment().iter().map(|(name, value)| (name, value)));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[tokio::test]
async fn killed_shadow_rebuild_resumes_and_differences_set_the_exit_code() {
    let fixture = in_group(Plan::new(Layout::AllInOne)).await;
    let TwoUsersInGroup { world, anna, team, group, .. } = &fixture;
    for n in 0..50 {
        anna.post(&team.uid, group, &n.to_string()).await;
    }
    for _ in 0..5 {
        let mut killed = tool(world, &["rebuild", "--shadow"]).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(150)).await;
        killed.kill().unwrap();
        killed.wait().unwrap();
    }
    let same = tool(world, &["rebuild", "diff"]).output().unwrap();
    assert!(same.status.success(), "{}", String::from_utf8_lossy(&same.stderr));
    let pool = world.pool().await;
    sqlx::query("update read.team set name = 'Рота'").execute(&pool).await.unwrap();
    let other = tool(world, &["rebuild", "diff", "--json"]).output().unwrap();
    assert_eq!(other.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&other.stdout).unwrap();
    assert_eq!(found["key"]["uid"], team.uid.as_str());
    assert_eq!(found["columns"]["name"], json!({"before": "Рота", "after": "Полк"}));
    assert_eq!(found["events"][0]["kind"], "team.created.v1");
    world.run(&["rebuild", "--shadow", "--switch"]);
    let shown = anna.client.get(format!("/api/v3/teams/{}", team.uid)).await.ok();
    assert_eq!(shown["name"], "Полк", "the log is right");
}

#[tokio::test]
async fn audit_show_and_why_explain_an_event() {
    let fixture = in_group(Plan::new(Layout::AllInOne)).await;
    let TwoUsersInGroup { world, anna, team, .. } = &fixture;
    let before = fixture.head().await.to_string();
    anna.client.put(format!("/api/v3/teams/{}", team.uid), json!({"name": "Рота"})).await.ok();
    let his = team.jid_of(BORIS);
    let contact = his.trim_start_matches("d-");
    anna.client.put(fixture.path(&format!("/contacts/{his}")), json!({"role": "повар"})).await.ok();

    let state = |as_of: &[&str]| -> Value {
        let arguments = [&["audit", "state", "--json", "--team", &team.uid], as_of].concat();
        serde_json::from_str(&world.run(&arguments)).unwrap()
    };
    let (now, then) = (state(&[]), state(&["--as-of", &before]));
    assert_eq!((&now["name"], &then["name"]), (&json!("Рота"), &json!("Полк")));
    assert_eq!(now["contacts"][contact]["role"], "повар");
    assert_eq!(then["contacts"][contact]["status"], "member");
    assert!(!now.to_string().contains("_sealed"), "{now}");

    let why = world.run(&["audit", "why", "contact", contact, "--field", "role", "--all", "--json"]);
    let lines: Vec<Value> = why.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&Value> = lines.iter().map(|line| &line["kind"]).collect();
    assert_eq!(kinds, ["contact.added.v1", "contact.profile_changed.v1"], "{why}");
    assert!(lines[1]["actor"].is_string() && lines[1]["request_id"].is_string(), "{why}");
    let last = world.run(&["audit", "why", "contact", contact, "--team", &team.uid]);
    assert!(last.contains("role = \"повар\"\n    contact.profile_changed.v1 at position"), "{last}");
}
