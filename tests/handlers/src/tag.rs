//! Tags of tasks.

use crate::fixture::{Fixture, NOWHERE, twice};
use http::Method;
use serde_json::{Value, json};
use veche_tests::person::text;

#[tokio::test]
async fn create_tag_of_a_known_name_returns_the_known_tag() {
    let fixture = Fixture::start().await;
    let member = fixture.member().await.client;
    let made =
        member.post(fixture.v4("/tags"), json!({"name": "дом"})).await.ok_like(&json!({"name": "дом"}));
    member.post(fixture.v4("/tags"), json!({"name": " Дом "})).await.ok_like(&json!({"uid": made["uid"]}));
    member.get(fixture.v4("/tags")).await.ok_like(&json!([{"name": "дом"}]));
}

#[tokio::test]
async fn create_tag_with_a_name_that_is_empty_or_too_long_names_the_field() {
    let fixture = Fixture::start().await;
    for name in ["", "щщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщщ"] {
        fixture.owner.client.post(fixture.v4("/tags"), json!({"name": name})).await.invalid(&["name"]);
    }
}

#[tokio::test]
async fn create_tag_is_denied_to_guests_and_not_found_by_strangers() {
    let fixture = Fixture::start().await;
    fixture.guest().await.client.post(fixture.v4("/tags"), json!({"name": "лес"})).await.denied();
    let stranger = fixture.stranger().await.client;
    stranger.post(fixture.v4("/tags"), json!({"name": "лес"})).await.not_found();
    stranger.get(fixture.v4("/tags")).await.not_found();
}

#[tokio::test]
async fn create_tag_repeated_with_its_idempotency_key_returns_the_stored_answer() {
    let fixture = Fixture::start().await;
    twice(&fixture.owner, Method::POST, &fixture.v4("/tags"), json!({"name": "сад"})).await;
}

#[tokio::test]
async fn remove_tag_takes_it_from_the_tasks_that_have_it() {
    let fixture = Fixture::start().await;
    let body = json!({"description": "x", "tags": ["дом"]});
    let task = fixture.owner.client.post(fixture.v4("/tasks"), body).await.ok();
    let tags = fixture.owner.client.get(fixture.v4("/tags")).await.ok();
    let path = fixture.v4(&format!("/tags/{}", text(&tags[0]["uid"])));
    fixture.member().await.client.delete(&path).await.denied();
    assert_eq!(fixture.admin().await.client.delete(&path).await.ok(), Value::Null);
    let task = fixture.v4(&format!("/tasks/{}", text(&task["jid"])));
    fixture.owner.client.get(task).await.ok_like(&json!({"tags": "<absent>"}));
    fixture.owner.client.delete(path).await.not_found();
}

#[tokio::test]
async fn tag_of_another_team_or_none_is_not_found() {
    let fixture = Fixture::start().await;
    let made = fixture.owner.client.post(fixture.v4("/tags"), json!({"name": "дом"})).await.ok();
    let stranger = fixture.stranger().await;
    let own = stranger.make_team("Другой", &[]).await;
    let across = format!("/api/v4/teams/{}/tags/{}", own.uid, text(&made["uid"]));
    stranger.client.delete(across).await.not_found();
    fixture.owner.client.delete(fixture.v4(&format!("/tags/{NOWHERE}"))).await.not_found();
}
