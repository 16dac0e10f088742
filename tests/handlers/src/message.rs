//! Messages of chats.

use crate::fixture::{Fixture, MEMBER, NOWHERE, OWNER, keyed, twice};
use http::Method;
use serde_json::json;
use veche_tests::person::text;

const ID: &str = "00000000-0000-4000-8000-000000000001";

#[tokio::test]
async fn post_message_shows_it_to_the_other_members() {
    let fixture = Fixture::start().await;
    let group = fixture.group().await;
    let body = json!({"text": "Собираемся: https://example.org", "important": true});
    let expected =
        json!({"message_id": "<uuid>", "from": fixture.jid(OWNER), "chat": group, "important": true});
    let posted = fixture.owner.client.post(fixture.messages(&group), body).await.ok_like(&expected);
    let path = format!("{}/{}", fixture.messages(&group), text(&posted["message_id"]));
    let shown = json!({"content": {"type": "plain", "text": "Собираемся: https://example.org"}});
    fixture.member().await.client.get(path).await.ok_like(&shown);
}

#[tokio::test]
async fn post_message_with_invalid_fields_names_each_of_them() {
    let fixture = Fixture::start().await;
    let path = fixture.messages(&fixture.group().await);
    fixture.owner.client.post(&path, json!({"text": ""})).await.invalid(&["text"]);
    fixture.owner.client.post(&path, json!({"text": 5})).await.invalid(&["text"]);
    fixture.owner.client.post(&path, json!({"type": "change", "text": "x"})).await.invalid(&["type"]);
    let body = json!({"text": "x", "message_id": "7", "reply_to": "8", "linked_messages": ["9"]});
    fixture.owner.client.post(&path, body).await.invalid(&["linked_messages", "message_id", "reply_to"]);
    let body = json!({"text": "x", "reply_to": NOWHERE});
    fixture.owner.client.post(path, body).await.invalid(&["reply_to"]);
}

#[tokio::test]
async fn post_message_repeated_with_its_idempotency_key_posts_once() {
    let fixture = Fixture::start().await;
    let path = fixture.messages(&fixture.group().await);
    let posted = twice(&fixture.owner, Method::POST, &path, json!({"text": "раз"})).await;
    let listed = json!({"messages": [{"message_id": posted["message_id"]}]});
    fixture.owner.client.get(format!("{path}?type=plain")).await.ok_like(&listed);
    keyed(&fixture.owner, Method::POST, &path, json!({"text": "два"}))
        .await
        .fails(422, "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn post_message_in_a_chat_of_others_is_not_found() {
    let fixture = Fixture::start().await;
    let path = fixture.messages(&fixture.group().await);
    for person in [fixture.guest().await, fixture.stranger().await] {
        person.client.post(&path, json!({"text": "x"})).await.not_found();
        person.client.get(&path).await.not_found();
    }
    fixture
        .owner
        .client
        .post(fixture.messages(&format!("g-{NOWHERE}")), json!({"text": "x"}))
        .await
        .not_found();
}

#[tokio::test]
async fn post_message_in_a_read_only_group_is_denied_to_members() {
    let fixture = Fixture::start().await;
    let group = fixture.group().await;
    let change = json!({"readonly_for_members": true});
    fixture.owner.client.put(fixture.v4(&format!("/groups/{group}")), change).await.ok();
    fixture.member().await.client.post(fixture.messages(&group), json!({"text": "x"})).await.denied();
    fixture.owner.client.post(fixture.messages(&group), json!({"text": "x"})).await.ok();
}

#[tokio::test]
async fn reply_quotes_the_message_it_answers() {
    let fixture = Fixture::start().await;
    let group = fixture.group().await;
    let first = fixture.post(&fixture.owner, &group, "кто придёт?").await;
    let quoted = json!({"reply_to": {"message_id": first, "content": {"text": "кто придёт?"}}});
    let body = json!({"text": "я", "reply_to": first});
    fixture.member().await.client.post(fixture.messages(&group), body).await.ok_like(&quoted);
}

#[tokio::test]
async fn edit_message_is_for_its_author() {
    let fixture = Fixture::start().await;
    let group = fixture.group().await;
    let path = format!("{}/{}", fixture.messages(&group), fixture.post(&fixture.owner, &group, "раз").await);
    fixture.member().await.client.put(&path, json!({"text": "x"})).await.denied();
    fixture.owner.client.put(&path, json!({"text": " "})).await.invalid(&["text"]);
    let edited = json!({"content": {"text": "два"}, "edited": "<time>"});
    fixture.owner.client.put(path, json!({"text": "два"})).await.ok_like(&edited);
}

#[tokio::test]
async fn delete_message_takes_its_text_away_and_may_be_repeated() {
    let fixture = Fixture::start().await;
    let group = fixture.group().await;
    let path =
        format!("{}/{}", fixture.messages(&group), fixture.post(&fixture.owner, &group, "тайна").await);
    fixture.member().await.client.delete(&path).await.denied();
    let deleted = json!({"messages": [{"content": {"type": "deleted", "text": ""}, "is_archive": true}]});
    for _ in 0..2 {
        fixture.owner.client.delete(&path).await.ok_like(&deleted);
    }
    fixture.owner.client.put(path, json!({"text": "x"})).await.not_found();
}

#[tokio::test]
async fn message_of_another_chat_is_not_found() {
    let fixture = Fixture::start().await;
    let id = fixture.post(&fixture.owner, &fixture.group().await, "раз").await;
    let direct = fixture.messages(&fixture.jid(MEMBER));
    for path in [format!("{direct}/{id}"), format!("{direct}/{ID}"), format!("{direct}/not-a-uuid")] {
        fixture.owner.client.get(&path).await.not_found();
        fixture.owner.client.put(&path, json!({"text": "x"})).await.not_found();
    }
}

#[tokio::test]
async fn search_messages_finds_those_of_the_viewers_chats_alone() {
    let fixture = Fixture::start().await;
    let id = fixture.post(&fixture.owner, &fixture.jid(MEMBER), "Книги лежат на столе").await;
    let path = fixture.v4("/messages?q=%D0%BA%D0%BD%D0%B8%D0%B3%D0%B0");
    let found = json!({"count": 1, "messages": [{"message_id": id}]});
    fixture.member().await.client.get(&path).await.ok_like(&found);
    fixture.guest().await.client.get(&path).await.ok_like(&json!({"count": 0, "messages": []}));
    fixture.stranger().await.client.get(path).await.not_found();
}

#[tokio::test]
async fn list_messages_with_invalid_filters_names_each_of_them() {
    let fixture = Fixture::start().await;
    let path = fixture.messages(&fixture.group().await);
    let list = async |query: &str| fixture.owner.client.get(format!("{path}?{query}")).await;
    let fields = ["date_from", "important", "sender", "type"];
    list("sender=y&type=z&important=perhaps&date_from=yesterday").await.invalid(&fields);
    list("limit=-1&offset=-1&old_from=x").await.invalid(&["limit", "offset", "old_from"]);
}
