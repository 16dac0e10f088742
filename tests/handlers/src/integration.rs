//! Integrations: keys with which other programs write into a group.

use crate::fixture::{Fixture, NOWHERE, twice};
use http::Method;
use serde_json::{Value, json};
use veche_tests::{
    exchange::{Answer, Body, Call},
    person::text,
};

fn raw(group: &str) -> Value {
    json!({"comment": "Приём", "kind": "raw", "group": group, "enabled": true})
}

async fn send(fixture: &Fixture, key: &str, message: &str) -> Answer {
    let bytes = format!("key={key}&message={message}").into_bytes();
    let body = Body::Raw { content_type: Some("application/x-www-form-urlencoded".to_owned()), bytes };
    fixture.app.client().send(Call::new(Method::POST, "/api/message", body)).await
}

#[tokio::test]
async fn message_with_the_key_of_an_integration_is_posted_in_its_group() {
    let fixture = Fixture::start().await;
    let group = fixture.group().await;
    let expected = json!({"comment": "Приём", "form": {"api_key": {"readonly": true, "value": "<token>"}}});
    let made = fixture.owner.client.post(fixture.v3("/integrations"), raw(&group)).await.ok_like(&expected);
    let sent = send(&fixture, &text(&made["form"]["api_key"]["value"]), "hello").await;
    assert_eq!(sent.json["ok"], true, "{sent}");
    let shown = json!({"last_message": {"content": {"text": "hello"}}});
    fixture.member().await.client.get(fixture.v4(&format!("/groups/{group}"))).await.ok_like(&shown);
}

#[tokio::test]
async fn message_with_an_unknown_key_is_forbidden() {
    let fixture = Fixture::start().await;
    let refused = send(&fixture, "unknown", "x").await;
    assert_eq!((refused.status.as_u16(), &refused.json["ok"]), (403, &json!(false)), "{refused}");
}

#[tokio::test]
async fn message_with_the_key_of_a_disabled_integration_is_forbidden() {
    let fixture = Fixture::start().await;
    let made = fixture.owner.client.post(fixture.v3("/integrations"), raw(&fixture.group().await)).await.ok();
    let path = fixture.v3(&format!("/integrations/{}", text(&made["uid"])));
    fixture.owner.client.put(path, json!({"enabled": false})).await.ok_like(&json!({"enabled": false}));
    let refused = send(&fixture, &text(&made["form"]["api_key"]["value"]), "x").await;
    assert_eq!(refused.status.as_u16(), 403, "{refused}");
}

#[tokio::test]
async fn create_integration_with_invalid_fields_names_each_of_them() {
    let fixture = Fixture::start().await;
    let group = fixture.group().await;
    let body = json!({"comment": "x", "kind": "carrier pigeon", "group": group, "enabled": true});
    fixture.owner.client.post(fixture.v3("/integrations"), body).await.invalid(&["kind"]);
    let body = raw(&format!("g-{NOWHERE}"));
    fixture.owner.client.post(fixture.v3("/integrations"), body).await.invalid(&["group"]);
}

#[tokio::test]
async fn integrations_are_for_owners_and_admins() {
    let fixture = Fixture::start().await;
    let body = raw(&fixture.group().await);
    let (member, stranger) = (fixture.member().await.client, fixture.stranger().await.client);
    member.post(fixture.v3("/integrations"), body.clone()).await.denied();
    member.get(fixture.v3("/integrations")).await.denied();
    stranger.post(fixture.v3("/integrations"), body).await.not_found();
}

#[tokio::test]
async fn create_integration_repeated_with_its_idempotency_key_makes_one_integration() {
    let fixture = Fixture::start().await;
    let body = raw(&fixture.group().await);
    let made = twice(&fixture.owner, Method::POST, &fixture.v3("/integrations"), body).await;
    let listed = json!({"integrations": [{"uid": made["uid"]}]});
    fixture.owner.client.get(fixture.v3("/integrations")).await.ok_like(&listed);
}

#[tokio::test]
async fn change_integration_with_an_unsafe_webhook_address_names_the_field() {
    let fixture = Fixture::start().await;
    let made = fixture.owner.client.post(fixture.v3("/integrations"), raw(&fixture.group().await)).await.ok();
    let path = fixture.v3(&format!("/integrations/{}", text(&made["uid"])));
    fixture
        .owner
        .client
        .put(path, json!({"webhook_url": "ftp://example.com"}))
        .await
        .invalid(&["webhook_url"]);
}

#[tokio::test]
async fn remove_integration_takes_it_from_the_list() {
    let fixture = Fixture::start().await;
    let made = fixture.owner.client.post(fixture.v3("/integrations"), raw(&fixture.group().await)).await.ok();
    let path = fixture.v3(&format!("/integrations/{}", text(&made["uid"])));
    fixture.member().await.client.delete(&path).await.denied();
    assert_eq!(fixture.owner.client.delete(&path).await.ok(), Value::Null);
    fixture.owner.client.get(&path).await.not_found();
    fixture.owner.client.get(fixture.v3(&format!("/integrations/{NOWHERE}"))).await.not_found();
    fixture.owner.client.get(fixture.v3("/integrations")).await.ok_like(&json!({"integrations": []}));
}
