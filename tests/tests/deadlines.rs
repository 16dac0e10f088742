//! A deadline passes once, whatever process runs, dies or rebuilds; views and counters follow from its event.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use std::time::Duration;
use veche_tests::{
    eventually,
    person::{Person, Team, text},
    stored,
    world::{Layout, Plan, Role, World},
};

const ANNA: &str = "+79080000021";
const BORIS: &str = "+79080000022";
/// Tasks that are due at the same time.
const AT_ONCE: usize = 20;
/// Longer than two searches for due deadlines.
const A_WHILE: Duration = Duration::from_secs(5);

async fn passed(world: &World) -> usize {
    stored::count_of(world, "task.deadline_passed.v1").await
}

fn at(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Makes a task for Boris; returns its address.
async fn task(anna: &Person, team: &Team, deadline: DateTime<Utc>) -> String {
    let body = json!({"description": "срочно", "assignee": team.jid_of(BORIS), "deadline": at(deadline)});
    text(&anna.client.post(format!("/api/v4/teams/{}/tasks", team.uid), body).await.ok()["jid"])
}

/// The visible lateness: the task's own view, and the tab's count and list.
async fn late(person: &Person, team: &Team, task: &str) -> (bool, u64, u64) {
    let path = |what: &str| format!("/api/v4/teams/{}/tasks{what}", team.uid);
    let view = person.client.get(path(&format!("/{task}"))).await.ok();
    let tabs = person.client.get(path("/tabs")).await.ok();
    let listed = person.client.get(path("?tab=expired")).await.ok();
    let shown = view["deadline_expired"] == true;
    let under = view["tabs"].as_array().is_some_and(|tabs| tabs.contains(&json!("expired")));
    assert_eq!(shown, under, "{view}");
    (shown, tabs[1]["num_tasks"].as_u64().unwrap_or(99), listed["count"].as_u64().unwrap_or(99))
}

#[tokio::test]
async fn deadlines_pass_once_with_two_processes_and_never_in_a_rebuild() {
    let mut world = World::all_in_one().await;
    let mut other = World::start(Plan::new(Layout::AllInOne).on_database(world.database_url())).await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let mut his = boris.socket(&team.uid).await;
    let due = Utc::now() + TimeDelta::seconds(6);
    let mut tasks = Vec::new();
    for _ in 0..AT_ONCE {
        tasks.push(task(&anna, &team, due).await);
    }
    let of = |task: &str| format!("/api/v4/teams/{}/tasks/{task}", team.uid);
    let (first, done, moved) = (tasks[0].clone(), tasks[1].clone(), tasks[2].clone());
    anna.client.put(of(&done), json!({"task_status": "done"})).await.ok();
    let later = at(due + TimeDelta::days(1));
    anna.client.put(of(&moved), json!({"deadline": later})).await.ok();
    assert_eq!(late(&boris, &team, &first).await, (false, 0, 0), "not before its time");
    let expired = |params: &Value, task: &str| {
        params["chats"][0]["jid"] == task && params["chats"][0]["deadline_expired"] == true
    };
    let expected = AT_ONCE - 2;
    for task in tasks.iter().filter(|task| **task != done && **task != moved) {
        let told = his.event_where("server.chat.updated", |params| expired(params, task)).await;
        assert_eq!(told["chats"][0]["tabs"], json!(["active", "expired", "in"]));
    }
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(passed(&world).await, expected);
    his.has_not_received("a deadline again", |frame| frame["params"]["chats"][0]["deadline_expired"] == true)
        .await;
    let count = expected as u64;
    assert_eq!(late(&boris, &team, &first).await, (true, count, count));

    // A completed task is late no more; reopened, it is late at once without another event.
    anna.client.put(of(&first), json!({"task_status": "done"})).await.ok();
    assert_eq!(late(&boris, &team, &first).await, (false, count - 1, count - 1));
    let open = anna.client.put(of(&first), json!({"task_status": "new"})).await.ok();
    assert_eq!(open["deadline_expired"], true);
    // A new deadline passes again; one already over when it is set passes at once.
    let soon = at(Utc::now() + TimeDelta::seconds(2));
    let again = anna.client.put(of(&first), json!({"deadline": soon})).await.ok();
    assert_eq!(again["deadline_expired"], Value::Null);
    his.event_where("server.chat.updated", |params| params["chats"][0]["deadline_expired"].is_null()).await;
    his.event_where("server.chat.updated", |params| expired(params, &first)).await;
    let over = anna.client.put(of(&moved), json!({"deadline": "2019-01-31"})).await.ok();
    assert_eq!(over["deadline_expired"], true);
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(passed(&world).await, expected + 1);
    assert_eq!(late(&boris, &team, &first).await, (true, count + 1, count + 1));

    other.process(Role::Serve).kill();
    world.process(Role::Serve).kill();
    world.run(&["rebuild"]);
    world.revive(Role::Serve).await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(passed(&world).await, expected + 1, "a rebuild lets nothing pass again");
    assert_eq!(late(&boris, &team, &first).await, (true, count + 1, count + 1));
}

#[tokio::test]
async fn deadline_during_downtime_passes_after_the_restart() {
    let mut world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    Person::login(world.client(), BORIS).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let due = Utc::now() + TimeDelta::seconds(3);
    let task = task(&anna, &team, due).await;
    world.process(Role::Serve).kill();
    while Utc::now() < due {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(passed(&world).await, 0, "nobody was there");
    world.revive(Role::Serve).await;
    eventually::until("it is late", async || late(&anna, &team, &task).await.0.then_some(())).await;
    world.process(Role::Serve).kill();
    world.revive(Role::Serve).await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(passed(&world).await, 1);
}
