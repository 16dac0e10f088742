//! Chats as one member sees them: settings, counters, lists.

use crate::fixture::{Fixture, MEMBER, NOWHERE, OWNER, twice};
use http::Method;
use serde_json::json;

#[tokio::test]
async fn chat_counts_the_messages_its_viewer_has_not_read() {
    let fixture = Fixture::start().await;
    let member = fixture.member().await.client;
    let to_owner = fixture.v4(&format!("/chats/{}", fixture.jid(OWNER)));
    member
        .get(&to_owner)
        .await
        .ok_like(&json!({"chat_type": "direct", "num_unread": 0, "last_message": "<absent>"}));
    fixture.post(&fixture.owner, &fixture.jid(MEMBER), "раз").await;
    member
        .get(&to_owner)
        .await
        .ok_like(&json!({"num_unread": 1, "last_message": {"content": {"text": "раз"}}}));
    assert_eq!(member.get("/api/v4/badge").await.json["result"], 1);
    let read = json!({"jid": fixture.jid(OWNER)});
    member.post(fixture.v3("/ws/client.chat.lastread"), read).await.ok();
    member.get(to_owner).await.ok_like(&json!({"num_unread": 0}));
}

#[tokio::test]
async fn change_chat_sets_the_viewers_own_settings() {
    let fixture = Fixture::start().await;
    let group = fixture.v4(&format!("/chats/{}", fixture.group().await));
    let body = json!({"draft": "Пишу", "pinned": true, "hidden": true});
    fixture.member().await.client.put(&group, body.clone()).await.ok_like(&body);
    let others = json!({"draft": "<absent>", "pinned": "<absent>", "hidden": "<absent>"});
    fixture.owner.client.get(group).await.ok_like(&others);
}

#[tokio::test]
async fn change_chat_of_a_member_may_not_change_the_group() {
    let fixture = Fixture::start().await;
    let path = fixture.v4(&format!("/chats/{}", fixture.group().await));
    let member = fixture.member().await.client;
    member.put(&path, json!({"display_name": "Мои", "pinned": true})).await.denied();
    member.get(path).await.ok_like(&json!({"display_name": "Кружок", "pinned": "<absent>"}));
}

#[tokio::test]
async fn change_chat_with_invalid_fields_names_each_of_them() {
    let fixture = Fixture::start().await;
    let group = fixture.v4(&format!("/chats/{}", fixture.group().await));
    fixture.owner.client.put(group, json!({"public": "да"})).await.invalid(&["public"]);
    let direct = fixture.v4(&format!("/chats/{}", fixture.jid(MEMBER)));
    fixture.owner.client.put(direct, json!({"display_name": "Боря"})).await.invalid(&["display_name"]);
}

#[tokio::test]
async fn change_chat_repeated_with_its_idempotency_key_returns_the_stored_answer() {
    let fixture = Fixture::start().await;
    let path = fixture.v4(&format!("/chats/{}", fixture.group().await));
    twice(&fixture.owner, Method::PUT, &path, json!({"display_name": "Лодки"})).await;
}

#[tokio::test]
async fn chats_are_listed_with_the_latest_first() {
    let fixture = Fixture::start().await;
    let group = fixture.group().await;
    let direct = fixture.jid(MEMBER);
    fixture.post(&fixture.owner, &direct, "раз").await;
    let list = async |query: &str| fixture.owner.client.get(fixture.v4(&format!("/chats{query}"))).await;
    list("").await.ok_like(&json!({"count": 2, "objects": [{"jid": direct}, {"jid": group}]}));
    list("?chat_type=group").await.ok_like(&json!({"count": 1, "objects": [{"jid": group}]}));
    list("?limit=1&offset=1").await.ok_like(&json!({"count": 2, "objects": [{"jid": group}]}));
    let wrong = list("?limit=x&chat_type=meeting&unread_only=yes&sort=size").await;
    wrong.invalid(&["chat_type", "limit", "sort", "unread_only"]);
}

#[tokio::test]
async fn chat_of_another_team_or_none_is_not_found() {
    let fixture = Fixture::start().await;
    let group = fixture.v4(&format!("/chats/{}", fixture.group().await));
    for person in [fixture.guest().await, fixture.stranger().await] {
        person.client.get(&group).await.not_found();
        person.client.put(&group, json!({"pinned": true})).await.not_found();
    }
    fixture.owner.client.get(fixture.v4(&format!("/chats/d-{NOWHERE}"))).await.not_found();
    fixture.owner.client.get(fixture.v4("/chats/nonsense")).await.not_found();
}
