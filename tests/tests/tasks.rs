//! Live updates of tasks, and concurrent creation.

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use veche_tests::{
    exchange::{Body, Call},
    person::{Person, text},
    stored,
    world::World,
};

const ANNA: &str = "+79080000011";
const BORIS: &str = "+79080000012";
const CLARA: &str = "+79080000013";
const AT_ONCE: usize = 20;

#[tokio::test]
async fn task_changes_notify_its_members_alone() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let clara = Person::login(world.client(), CLARA).await;
    let team = anna.make_team("трое", &[BORIS, CLARA]).await;
    let path = format!("/api/v4/teams/{}", team.uid);
    let mut assignee = boris.socket(&team.uid).await;
    let mut stranger = clara.socket(&team.uid).await;
    assignee.forget().await;
    stranger.forget().await;

    let body = json!({"description": "Полить цветы", "assignee": team.jid_of(BORIS), "tags": ["дом"]});
    let task = anna.client.post(format!("{path}/tasks"), body).await.ok();
    let jid = text(&task["jid"]);
    let told = assignee.event("server.chat.updated").await;
    assert_eq!(told["chats"][0]["jid"], task["jid"]);
    assert_eq!(told["chats"][0]["chat_type"], "task");
    assert_eq!(told["chats"][0]["tabs"], json!(["active", "in"]));
    assert_eq!(told["chats"][0]["tags"], json!(["дом"]));
    let tags = stranger.event("server.tag.updated").await;
    assert_eq!(tags["tags"][0]["name"], "дом");

    anna.post(&team.uid, &jid, "когда?").await;
    let said = |params: &Value, text: &str| params["messages"][0]["content"]["text"] == text;
    let told = |params: &Value| said(params, "Задача создана: Полить цветы");
    let told = assignee.event_where("server.message.updated", told).await;
    assert_eq!(told["messages"][0]["content"]["type"], "change");
    assert_eq!(told["team_unread"]["task"], json!({"chats": 0, "messages": 0}), "a change counts for nobody");
    let told = assignee.event_where("server.message.updated", |params| said(params, "когда?")).await;
    assert_eq!(told["messages"][0]["chat"], jid.as_str());
    assert_eq!(told["team_unread"]["task"], json!({"chats": 1, "messages": 1}));
    stranger.has_not_received("a task of others", |frame| frame.to_string().contains(&jid)).await;

    let change = json!({"assignee": team.jid_of(CLARA)});
    anna.client.put(format!("{path}/tasks/{jid}"), change).await.ok();
    let gone = assignee.event("server.chat.deleted").await;
    assert_eq!(gone["chats"][0]["jid"], jid.as_str());
    assert_eq!(gone["chats"][0]["chat_type"], "task");
    assert_eq!(gone["team_unread"]["task"], json!({"chats": 0, "messages": 0}));
    let told = stranger.event("server.chat.updated").await;
    assert_eq!(told["chats"][0]["assignee"], team.jid_of(CLARA).as_str());
    assert_eq!(told["chats"][0]["num_unread"], 0, "what was said before is no news");
    anna.post(&team.uid, &jid, "теперь ты").await;
    stranger.event_where("server.message.updated", |params| said(params, "теперь ты")).await;
    assignee
        .has_not_received("a task that is theirs no more", |frame| frame.to_string().contains("теперь ты"))
        .await;

    anna.client.put(format!("{path}/tasks/{jid}"), json!({"task_status": "done"})).await.ok();
    let done = |params: &Value| params["chats"][0]["task_status"] == "done";
    stranger.event_where("server.chat.updated", done).await;
    stranger.event_where("server.message.updated", |params| said(params, "Задача завершена")).await;
    let tag = text(&tags["tags"][0]["uid"]);
    anna.client.delete(format!("{path}/tags/{tag}")).await.ok();
    assert_eq!(stranger.event("server.tag.deleted").await["tags"], json!([{"uid": tag}]));
    anna.client.delete(format!("{path}/tasks/{jid}")).await.ok();
    let gone = stranger.event("server.chat.deleted").await;
    assert_eq!(gone["chats"][0]["jid"], jid.as_str());
}

#[tokio::test]
async fn concurrent_tasks_get_distinct_numbers_and_one_key_creates_one() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("одна", &[]).await;
    let path = format!("/api/v4/teams/{}/tasks", team.uid);
    let make = |n: usize| {
        anna.client.post(
            path.clone(),
            json!({"description": format!("дело {n}"), "tags": ["общий", format!("{n}")]}),
        )
    };
    let made = join_all((0..AT_ONCE).map(make)).await;
    let numbers: BTreeSet<u64> = made.into_iter().filter_map(|answer| answer.ok()["num"].as_u64()).collect();
    assert_eq!(numbers, (1..=AT_ONCE as u64).collect());
    let tags = anna.client.get(format!("/api/v4/teams/{}/tags", team.uid)).await.ok();
    assert_eq!(tags.as_array().map(Vec::len), Some(AT_ONCE + 1), "a word is one tag: {tags}");

    let body = json!({"description": "одно", "items": ["раз", "два"], "tags": ["новый"], "remind_at": "2030-01-31T10:00:00Z"});
    let call = Call::new(Method::POST, path.clone(), Body::Json(body)).header("Idempotency-Key", "task-1");
    let answers = join_all((0..AT_ONCE).map(|_| anna.client.send(call.clone()))).await;
    let answers: BTreeSet<String> = answers.into_iter().map(|answer| answer.ok().to_string()).collect();
    assert_eq!(answers.len(), 1, "all are told the same: {answers:?}");
    let page: Value = anna.client.get(format!("{path}?limit=1")).await.ok();
    assert_eq!(page["count"], AT_ONCE + 1);
    assert_eq!(stored::count_of(&world, "remind.set.v1").await, 1);
}

#[tokio::test]
async fn task_section_changes_notify_and_removal_updates_its_tasks() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let team = anna.make_team("двое", &[BORIS]).await;
    let path = |what: &str| format!("/api/v4/teams/{}/{what}", team.uid);
    let mut his = boris.socket(&team.uid).await;
    his.ask("client.ping", Value::Null).await;
    for (kind, holds) in [("task", "tasks"), ("group", "groups")] {
        let sections = path(&format!("{kind}-sections"));
        let made = anna.client.post(sections.clone(), json!({"name": "Дом"})).await.ok();
        let uid = text(&made["uid"]);
        let about = |params: &Value| params["sections"][0]["uid"] == uid.as_str();
        let received = his.event_where("server.section.updated", about).await;
        assert_eq!((&received["chat_type"], &received["sections"][0]), (&json!(kind), &made));

        let him = json!([{"jid": team.jid_of(BORIS), "status": "member"}]);
        let thing = json!({"description": "д", "display_name": "д", "section": uid,
            "assignee": team.jid_of(BORIS), "members": him});
        let thing = anna.client.post(path(holds), thing).await.ok();
        let is = |params: &Value| params["chats"][0]["jid"] == thing["jid"];
        let received = his.event_where("server.chat.updated", is).await;
        assert_eq!(received["chats"][0]["section"], uid.as_str());
        anna.client.delete(format!("{sections}/{uid}")).await.ok();
        let received = his.event_where("server.section.deleted", about).await;
        assert_eq!(received["chat_type"], kind);
        let received = his.event_where("server.chat.updated", is).await;
        assert_eq!(received["chats"][0]["section"], Value::Null, "{received}");
    }
}
