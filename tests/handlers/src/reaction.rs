//! Reactions to messages.

use crate::fixture::{Fixture, MEMBER, NOWHERE, twice};
use http::Method;
use serde_json::{Value, json};
use veche_tests::person::text;

const THUMB: &str = "%F0%9F%91%8D";

async fn message(fixture: &Fixture) -> String {
    let group = fixture.group().await;
    format!("{}/{}", fixture.messages(&group), fixture.post(&fixture.owner, &group, "раз").await)
}

#[tokio::test]
async fn set_reaction_counts_the_caller_once() {
    let fixture = Fixture::start().await;
    let path = format!("{}/reactions/{THUMB}", message(&fixture).await);
    let member = fixture.member().await.client;
    let counted =
        json!({"reactions": [{"name": "👍", "counter": 1, "details": [{"sender": fixture.jid(MEMBER)}]}]});
    for _ in 0..2 {
        member.post(&path, json!({})).await.ok_like(&counted);
    }
    let two = json!({"reactions": [{"name": "👍", "counter": 2}]});
    fixture.owner.client.post(path, json!({})).await.ok_like(&two);
}

#[tokio::test]
async fn remove_reaction_takes_back_the_callers_own() {
    let fixture = Fixture::start().await;
    let path = format!("{}/reactions/{THUMB}", message(&fixture).await);
    fixture.owner.client.post(&path, json!({})).await.ok();
    let kept = json!({"reactions": [{"counter": 1}]});
    fixture.member().await.client.delete(&path).await.ok_like(&kept);
    for _ in 0..2 {
        fixture.owner.client.delete(&path).await.ok_like(&json!({"reactions": "<absent>"}));
    }
}

#[tokio::test]
async fn set_reaction_repeated_with_its_idempotency_key_returns_the_stored_answer() {
    let fixture = Fixture::start().await;
    let path = format!("{}/reactions/{THUMB}", message(&fixture).await);
    twice(&fixture.owner, Method::POST, &path, Value::Null).await;
}

#[tokio::test]
async fn set_reaction_of_an_unknown_name_names_the_field() {
    let fixture = Fixture::start().await;
    let path = message(&fixture).await;
    fixture.owner.client.post(format!("{path}/reactions/x"), json!({})).await.invalid(&["name"]);
    let known = fixture.owner.client.get("/api/v4/reactions").await;
    assert!(String::from_utf8_lossy(&known.bytes).contains('👍'), "{known}");
}

#[tokio::test]
async fn reaction_to_a_message_of_others_or_none_is_not_found() {
    let fixture = Fixture::start().await;
    let path = format!("{}/reactions/{THUMB}", message(&fixture).await);
    for person in [fixture.guest().await, fixture.stranger().await] {
        person.client.post(&path, json!({})).await.not_found();
        person.client.delete(&path).await.not_found();
    }
    let none = format!("{}/{NOWHERE}/reactions/{THUMB}", fixture.messages(&fixture.jid(MEMBER)));
    fixture.owner.client.post(none, json!({})).await.not_found();
}

#[tokio::test]
async fn reaction_to_a_deleted_message_or_a_change_is_not_found() {
    let fixture = Fixture::start().await;
    let group = fixture.group().await;
    let messages = fixture.messages(&group);
    let listed = fixture.owner.client.get(&messages).await.ok();
    let change = text(&listed["messages"][0]["message_id"]);
    fixture.owner.client.post(format!("{messages}/{change}/reactions/{THUMB}"), json!({})).await.not_found();
    let path = format!("{messages}/{}", fixture.post(&fixture.owner, &group, "раз").await);
    fixture.owner.client.delete(&path).await.ok();
    fixture.owner.client.post(format!("{path}/reactions/{THUMB}"), json!({})).await.not_found();
}
