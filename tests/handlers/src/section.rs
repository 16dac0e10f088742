//! Sections of contacts, groups and tasks.

use crate::fixture::{Fixture, MEMBER, NOWHERE, twice};
use http::Method;
use serde_json::{Value, json};
use veche_tests::person::text;

const KINDS: [&str; 3] = ["contact", "group", "task"];

#[tokio::test]
async fn create_section_appends_it_to_the_sections_of_its_kind() {
    let fixture = Fixture::start().await;
    let member = fixture.member().await.client;
    for (kind, first) in [("contact", 1), ("group", 0), ("task", 0)] {
        let path = fixture.v4(&format!("/{kind}-sections"));
        let body = json!({"name": "Кухня", "description": "кто готовит"});
        let expected =
            json!({"uid": "<uuid>", "name": "Кухня", "description": "кто готовит", "sort_ordering": first});
        let made = member.post(&path, body).await.ok_like(&expected);
        let listed = member.get(path).await.ok();
        assert_eq!(listed.as_array().unwrap().last().unwrap()["uid"], made["uid"], "{kind}");
    }
}

#[tokio::test]
async fn create_section_with_invalid_fields_names_each_of_them() {
    let fixture = Fixture::start().await;
    for kind in KINDS {
        let body = json!({"name": " ", "sort_ordering": 1_000_001, "description": "a\0"});
        let refused = fixture.owner.client.post(fixture.v4(&format!("/{kind}-sections")), body).await;
        refused.invalid(&["description", "name", "sort_ordering"]);
    }
}

#[tokio::test]
async fn create_section_is_denied_to_guests_and_not_found_by_strangers() {
    let fixture = Fixture::start().await;
    let (guest, stranger) = (fixture.guest().await.client, fixture.stranger().await.client);
    for kind in KINDS {
        let path = fixture.v4(&format!("/{kind}-sections"));
        guest.post(&path, json!({"name": "x"})).await.denied();
        stranger.post(&path, json!({"name": "x"})).await.not_found();
        stranger.get(&path).await.not_found();
    }
}

#[tokio::test]
async fn create_section_repeated_with_its_idempotency_key_makes_one_section() {
    let fixture = Fixture::start().await;
    let path = fixture.v4("/task-sections");
    let made = twice(&fixture.owner, Method::POST, &path, json!({"name": "Сад"})).await;
    fixture.owner.client.get(path).await.ok_like(&json!([{"uid": made["uid"]}]));
}

#[tokio::test]
async fn change_section_keeps_the_fields_that_are_not_sent() {
    let fixture = Fixture::start().await;
    for kind in KINDS {
        let path = fixture.v4(&format!("/{kind}-sections"));
        let made = fixture.owner.client.post(&path, json!({"name": "Сад", "sort_ordering": 7})).await.ok();
        let own = format!("{path}/{}", text(&made["uid"]));
        let changed = json!({"name": "Огород", "sort_ordering": 7});
        fixture.owner.client.put(&own, json!({"name": "Огород"})).await.ok_like(&changed);
        fixture.owner.client.put(own, json!({"sort_ordering": -1})).await.invalid(&["sort_ordering"]);
    }
}

#[tokio::test]
async fn section_of_another_kind_or_team_is_not_found() {
    let fixture = Fixture::start().await;
    let tasks = fixture.owner.client.post(fixture.v4("/task-sections"), json!({"name": "Сад"})).await.ok();
    let uid = text(&tasks["uid"]);
    for path in [
        format!("/contact-sections/{uid}"),
        format!("/group-sections/{uid}"),
        format!("/task-sections/{NOWHERE}"),
    ] {
        fixture.owner.client.put(fixture.v4(&path), json!({"name": "x"})).await.not_found();
        fixture.owner.client.delete(fixture.v4(&path)).await.not_found();
    }
    let stranger = fixture.stranger().await;
    let own = stranger.make_team("Другой", &[]).await;
    let across = format!("/api/v4/teams/{}/task-sections/{uid}", own.uid);
    stranger.client.put(across, json!({"name": "x"})).await.not_found();
}

#[tokio::test]
async fn remove_section_takes_it_from_the_contacts_in_it() {
    let fixture = Fixture::start().await;
    let made =
        fixture.owner.client.post(fixture.v4("/contact-sections"), json!({"name": "Кухня"})).await.ok();
    let contact = fixture.v4(&format!("/contacts/{}", fixture.jid(MEMBER)));
    fixture
        .owner
        .client
        .put(&contact, json!({"sections": [made["uid"]]}))
        .await
        .ok_like(&json!({"sections": [made["uid"]]}));
    let path = fixture.v4(&format!("/contact-sections/{}", text(&made["uid"])));
    fixture.guest().await.client.delete(&path).await.denied();
    assert_eq!(fixture.member().await.client.delete(&path).await.ok(), Value::Null);
    fixture.owner.client.get(contact).await.ok_like(&json!({"sections": []}));
    fixture.owner.client.delete(path).await.not_found();
}
