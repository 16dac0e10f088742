//! Groups and their members.

use crate::fixture::{ADMIN, Fixture, GUEST, MEMBER, NOWHERE, OWNER, twice};
use http::Method;
use serde_json::json;
use veche_tests::person::text;

#[tokio::test]
async fn create_group_makes_the_caller_its_admin() {
    let fixture = Fixture::start().await;
    let body = json!({"display_name": "Свой", "members": [{"jid": fixture.jid(GUEST), "status": "member"}]});
    let expected = json!({"display_name": "Свой", "chat_type": "group", "num_members": 2});
    let made = fixture.member().await.client.post(fixture.v4("/groups"), body).await.ok_like(&expected);
    let members = json!({"members": [
        {"jid": fixture.jid(MEMBER), "status": "admin"}, {"jid": fixture.jid(GUEST), "status": "member"},
    ]});
    let path = fixture.v4(&format!("/groups/{}/members", text(&made["jid"])));
    fixture.guest().await.client.get(path).await.ok_like(&members);
}

#[tokio::test]
async fn create_group_with_invalid_fields_names_each_of_them() {
    let fixture = Fixture::start().await;
    let path = fixture.v4("/groups");
    fixture.owner.client.post(&path, json!({"display_name": ""})).await.invalid(&["display_name"]);
    let body = json!({"display_name": "Г", "section": "x"});
    fixture.owner.client.post(path, body).await.invalid(&["section"]);
}

#[tokio::test]
async fn create_group_is_denied_to_guests_and_not_found_by_strangers() {
    let fixture = Fixture::start().await;
    let body = json!({"display_name": "x"});
    fixture.guest().await.client.post(fixture.v4("/groups"), body.clone()).await.denied();
    fixture.stranger().await.client.post(fixture.v4("/groups"), body).await.not_found();
}

#[tokio::test]
async fn create_group_repeated_with_its_idempotency_key_makes_one_group() {
    let fixture = Fixture::start().await;
    let made =
        twice(&fixture.owner, Method::POST, &fixture.v4("/groups"), json!({"display_name": "Г"})).await;
    fixture.owner.client.get(fixture.v4("/groups")).await.ok_like(&json!([{"jid": made["jid"]}]));
}

#[tokio::test]
async fn group_is_not_found_by_those_outside_it() {
    let fixture = Fixture::start().await;
    let group = fixture.group().await;
    let path = fixture.v4(&format!("/groups/{group}"));
    fixture.member().await.client.get(&path).await.ok_like(&json!({"jid": group}));
    for person in [fixture.guest().await, fixture.stranger().await] {
        person.client.get(&path).await.not_found();
        person.client.put(&path, json!({"display_name": "x"})).await.not_found();
    }
    fixture.owner.client.get(fixture.v4(&format!("/groups/g-{NOWHERE}"))).await.not_found();
}

#[tokio::test]
async fn change_group_is_for_its_admins_and_those_of_the_team() {
    let fixture = Fixture::start().await;
    let path = fixture.v4(&format!("/groups/{}", fixture.group().await));
    let body = json!({"display_name": "Лодки", "description": "о лодках", "readonly_for_members": true});
    fixture.member().await.client.put(&path, body.clone()).await.denied();
    fixture.owner.client.put(&path, body.clone()).await.ok_like(&body);
    fixture
        .owner
        .client
        .put(path, json!({"display_name": " ", "autocleanup_age": 999_999_999}))
        .await
        .invalid(&["autocleanup_age", "display_name"]);
}

#[tokio::test]
async fn set_group_member_adds_and_promotes() {
    let fixture = Fixture::start().await;
    let group = fixture.group().await;
    let path = fixture.v4(&format!("/groups/{group}/members"));
    for status in ["member", "admin"] {
        let body = json!({"jid": fixture.jid(ADMIN), "status": status});
        fixture.owner.client.post(&path, body.clone()).await.ok_like(&body);
    }
    fixture.member().await.client.post(&path, json!({"jid": fixture.jid(GUEST)})).await.denied();
    fixture.admin().await.client.get(fixture.v4(&format!("/groups/{group}"))).await.ok();
}

#[tokio::test]
async fn remove_group_member_shuts_the_member_out() {
    let fixture = Fixture::start().await;
    let group = fixture.group().await;
    let member = fixture.member().await.client;
    let owner = fixture.v4(&format!("/groups/{group}/members/{}", fixture.jid(OWNER)));
    member.delete(owner).await.denied();
    fixture
        .owner
        .client
        .delete(fixture.v4(&format!("/groups/{group}/members/{}", fixture.jid(MEMBER))))
        .await
        .ok();
    member.get(fixture.v4(&format!("/groups/{group}"))).await.not_found();
}

#[tokio::test]
async fn archive_group_hides_it_from_its_members() {
    let fixture = Fixture::start().await;
    let path = fixture.v4(&format!("/groups/{}", fixture.group().await));
    let member = fixture.member().await.client;
    member.delete(&path).await.denied();
    fixture.owner.client.delete(&path).await.ok();
    member.get(&path).await.not_found();
    fixture.owner.client.get(path).await.not_found();
}
