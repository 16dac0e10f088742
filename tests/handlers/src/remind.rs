//! Reminders.

use crate::fixture::{Fixture, MEMBER, twice};
use http::Method;
use serde_json::{Value, json};
use veche_tests::person::text;

fn call_member(fixture: &Fixture) -> Value {
    json!({"chat": fixture.jid(MEMBER), "fire_at": "2030-01-31T13:00:00+03:00", "comment": "позвонить"})
}

#[tokio::test]
async fn create_reminder_shows_it_to_its_maker_alone() {
    let fixture = Fixture::start().await;
    let expected = json!({"uid": "<uuid>", "fire_at": "2030-01-31T10:00:00.000000Z", "comment": "позвонить"});
    let made =
        fixture.owner.client.post(fixture.v4("/reminds"), call_member(&fixture)).await.ok_like(&expected);
    fixture.owner.client.get(fixture.v4("/reminds")).await.ok_like(&json!([{"uid": made["uid"]}]));
    assert_eq!(fixture.member().await.client.get(fixture.v4("/reminds")).await.ok(), json!([]));
}

#[tokio::test]
async fn create_reminder_with_invalid_fields_names_each_of_them() {
    let fixture = Fixture::start().await;
    let post = async |body: Value| fixture.owner.client.post(fixture.v4("/reminds"), body).await;
    post(json!({"chat": "x", "fire_at": "завтра"})).await.invalid(&["chat", "fire_at"]);
    post(json!({"chat": fixture.jid(MEMBER)})).await.invalid(&["fire_at"]);
    post(json!({"chat": fixture.jid(MEMBER), "fire_at": "2019-09-27T00:00:00Z"})).await.invalid(&["fire_at"]);
}

#[tokio::test]
async fn create_reminder_for_a_chat_of_others_names_the_field() {
    let fixture = Fixture::start().await;
    let body = json!({"chat": fixture.group().await, "fire_at": "2030-01-31T10:00:00Z"});
    fixture.guest().await.client.post(fixture.v4("/reminds"), body.clone()).await.invalid(&["chat"]);
    fixture.stranger().await.client.post(fixture.v4("/reminds"), body).await.not_found();
}

#[tokio::test]
async fn create_reminder_repeated_with_its_idempotency_key_makes_one_reminder() {
    let fixture = Fixture::start().await;
    let made = twice(&fixture.owner, Method::POST, &fixture.v4("/reminds"), call_member(&fixture)).await;
    fixture.owner.client.get(fixture.v4("/reminds")).await.ok_like(&json!([{"uid": made["uid"]}]));
}

#[tokio::test]
async fn remove_reminder_is_for_its_maker() {
    let fixture = Fixture::start().await;
    let made = fixture.owner.client.post(fixture.v4("/reminds"), call_member(&fixture)).await.ok();
    let path = fixture.v4(&format!("/reminds/{}", text(&made["uid"])));
    fixture.member().await.client.delete(&path).await.not_found();
    fixture.stranger().await.client.delete(&path).await.not_found();
    assert_eq!(fixture.owner.client.delete(&path).await.ok(), Value::Null);
    fixture.owner.client.delete(path).await.not_found();
    assert_eq!(fixture.owner.client.get(fixture.v4("/reminds")).await.ok(), json!([]));
}

#[tokio::test]
async fn reminder_of_a_task_is_set_and_removed_with_the_task() {
    let fixture = Fixture::start().await;
    let body = json!({"description": "Собраться", "remind_at": "2030-01-30T10:00:00Z"});
    let task = fixture.owner.client.post(fixture.v4("/tasks"), body).await.ok();
    let listed = json!([{"chat": task["jid"], "fire_at": "2030-01-30T10:00:00.000000Z"}]);
    fixture.owner.client.get(fixture.v4("/reminds")).await.ok_like(&listed);
    let path = fixture.v4(&format!("/tasks/{}", text(&task["jid"])));
    fixture
        .owner
        .client
        .put(path, json!({"remind_at": null}))
        .await
        .ok_like(&json!({"remind_at": "<absent>"}));
    assert_eq!(fixture.owner.client.get(fixture.v4("/reminds")).await.ok(), json!([]));
}
