//! Files of a team.

use crate::fixture::{Fixture, NOWHERE};
use http::Method;
use serde_json::{Value, json};
use veche_tests::{
    client::multipart,
    exchange::{Answer, Call},
    person::{Person, text},
    scenario::picture,
};

async fn store(fixture: &Fixture, person: &Person, name: &str, bytes: &[u8]) -> Answer {
    person.client.upload(fixture.v4("/uploads"), "file", name, bytes.to_vec()).await
}

#[tokio::test]
async fn store_upload_returns_its_facts_and_serves_its_bytes() {
    let fixture = Fixture::start().await;
    let expected = json!({
        "uid": "<uuid>", "name": "смета.txt", "size": 10, "content_type": "text/plain; charset=utf-8", "type": "file",
    });
    let stored = store(&fixture, &fixture.owner, "смета.txt", "смета".as_bytes()).await.ok_like(&expected);
    let path = fixture.v4(&format!("/uploads/{}", text(&stored["uid"])));
    fixture.owner.client.get(&path).await.ok_like(&expected);
    let file = fixture.owner.client.get(format!("{path}/file")).await;
    assert_eq!((&file.bytes[..], file.header("content-length")), ("смета".as_bytes(), Some("10")));
}

#[tokio::test]
async fn store_upload_of_a_picture_makes_previews() {
    let fixture = Fixture::start().await;
    let expected =
        json!({"type": "image", "content_type": "image/png", "preview": {"width": 64, "height": 32}});
    let stored = store(&fixture, &fixture.owner, "p.png", &picture(64, 32)).await.ok_like(&expected);
    let preview = fixture.v4(&format!("/uploads/{}/preview", text(&stored["uid"])));
    assert_eq!(fixture.owner.client.get(preview).await.header("content-type"), Some("image/jpeg"));
}

#[tokio::test]
async fn store_upload_without_its_field_names_the_field() {
    let fixture = Fixture::start().await;
    let path = fixture.v4("/uploads");
    fixture.owner.client.upload(&path, "picture", "p.png", picture(8, 8)).await.invalid(&["file"]);
    fixture.owner.client.post(path, json!({})).await.fails(415, "UNSUPPORTED_MEDIA_TYPE");
}

#[tokio::test]
async fn store_upload_repeated_with_its_idempotency_key_stores_one_file() {
    let fixture = Fixture::start().await;
    let send = async |content: &str| {
        let call = Call::new(
            Method::POST,
            fixture.v4("/uploads"),
            multipart(&[("file", Some("o"), content.as_bytes())]),
        );
        fixture.owner.client.send(call.header("Idempotency-Key", "once")).await
    };
    let first = send("раз").await.ok();
    assert_eq!(send("раз").await.ok()["uid"], first["uid"]);
    send("два").await.fails(422, "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn upload_that_no_message_brings_is_found_by_its_owner_alone() {
    let fixture = Fixture::start().await;
    let member = fixture.member().await;
    let stored = store(&fixture, &member, "a.txt", b"a").await.ok();
    let path = fixture.v4(&format!("/uploads/{}", text(&stored["uid"])));
    for person in [&fixture.owner, &fixture.guest().await, &fixture.stranger().await] {
        person.client.get(&path).await.not_found();
        person.client.get(format!("{path}/file")).await.not_found();
    }
    fixture.owner.client.get(fixture.v4(&format!("/uploads/{NOWHERE}"))).await.not_found();
    fixture.stranger().await.client.upload(fixture.v4("/uploads"), "file", "a", vec![1]).await.not_found();
}

#[tokio::test]
async fn remove_upload_is_for_its_owner_and_the_teams_admins() {
    let fixture = Fixture::start().await;
    let stored = store(&fixture, &fixture.owner, "a.txt", b"a").await.ok();
    let path = fixture.v4(&format!("/uploads/{}", text(&stored["uid"])));
    fixture.member().await.client.delete(&path).await.not_found();
    assert_eq!(fixture.admin().await.client.delete(&path).await.ok(), Value::Null);
    fixture.owner.client.get(&path).await.not_found();
    fixture.owner.client.delete(path).await.not_found();
}

#[tokio::test]
async fn remove_upload_that_a_task_uses_is_refused() {
    let fixture = Fixture::start().await;
    let stored = store(&fixture, &fixture.owner, "a.txt", b"a").await.ok();
    let body = json!({"description": "x", "uploads": [stored["uid"]]});
    fixture.owner.client.post(fixture.v4("/tasks"), body).await.ok();
    let path = fixture.v4(&format!("/uploads/{}", text(&stored["uid"])));
    fixture.owner.client.delete(path).await.invalid(&["upload_uid"]);
}
