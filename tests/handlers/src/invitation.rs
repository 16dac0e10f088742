//! Invitations: links that let people into a team.

use crate::fixture::{Fixture, NOWHERE, twice};
use http::Method;
use serde_json::{Value, json};
use veche_tests::person::text;

#[tokio::test]
async fn join_with_an_invitation_makes_the_caller_a_member() {
    let fixture = Fixture::start().await;
    let expected = json!({"uid": "<uuid>", "token": "<token>", "created": "<time>"});
    let made = fixture.owner.client.post(fixture.v3("/invitations"), json!({})).await.ok_like(&expected);
    let stranger = fixture.stranger().await.client;
    let joined = json!({"uid": fixture.team.uid, "need_confirmation": true, "me": {"status": "member"}});
    let first = stranger.post("/api/v3/teams/join", json!({"token": made["token"]})).await.ok_like(&joined);
    let second = stranger.post("/api/v3/teams/join", json!({"token": made["token"]})).await.ok();
    assert_eq!(first["me"]["jid"], second["me"]["jid"], "joining again changes nothing");
}

#[tokio::test]
async fn join_with_an_unknown_token_is_not_found() {
    let fixture = Fixture::start().await;
    let stranger = fixture.stranger().await.client;
    stranger.post("/api/v3/teams/join", json!({"token": "_GPHfNsbkxiCR3jKq3CyESw8MMw"})).await.not_found();
    stranger.post("/api/v4/join/_GPHfNsbkxiCR3jKq3CyESw8MMw", json!({})).await.not_found();
}

#[tokio::test]
async fn invitations_are_for_owners_and_admins() {
    let fixture = Fixture::start().await;
    let path = fixture.v4("/invitations");
    for person in [fixture.member().await, fixture.guest().await] {
        person.client.post(&path, json!({})).await.denied();
        person.client.get(&path).await.denied();
    }
    let stranger = fixture.stranger().await.client;
    stranger.post(&path, json!({})).await.not_found();
    fixture.admin().await.client.post(path, json!({})).await.ok();
}

#[tokio::test]
async fn create_invitation_repeated_with_its_idempotency_key_makes_one_invitation() {
    let fixture = Fixture::start().await;
    let made = twice(&fixture.owner, Method::POST, &fixture.v3("/invitations"), json!({})).await;
    let listed = json!([{"uid": made["uid"], "token": made["token"]}]);
    fixture.owner.client.get(fixture.v3("/invitations")).await.ok_like(&listed);
}

#[tokio::test]
async fn revoke_invitation_makes_its_token_worthless() {
    let fixture = Fixture::start().await;
    let made = fixture.owner.client.post(fixture.v3("/invitations"), json!({})).await.ok();
    let path = fixture.v3(&format!("/invitations/{}", text(&made["uid"])));
    assert_eq!(fixture.owner.client.delete(&path).await.ok(), Value::Null);
    fixture.owner.client.get(&path).await.not_found();
    fixture.owner.client.delete(path).await.not_found();
    let join =
        fixture.stranger().await.client.post("/api/v3/teams/join", json!({"token": made["token"]})).await;
    join.not_found();
}

#[tokio::test]
async fn invitation_of_another_team_or_none_is_not_found() {
    let fixture = Fixture::start().await;
    let made = fixture.owner.client.post(fixture.v3("/invitations"), json!({})).await.ok();
    let stranger = fixture.stranger().await;
    let own = stranger.make_team("Другой", &[]).await;
    let across = format!("/api/v3/teams/{}/invitations/{}", own.uid, text(&made["uid"]));
    stranger.client.get(&across).await.not_found();
    stranger.client.delete(across).await.not_found();
    fixture.owner.client.get(fixture.v3(&format!("/invitations/{NOWHERE}"))).await.not_found();
}

#[tokio::test]
async fn invitation_preview_shows_the_team_to_anybody() {
    let fixture = Fixture::start().await;
    let made = fixture.owner.client.post(fixture.v4("/invitations"), json!({})).await.ok();
    let path = format!("/api/v4/join/{}/preview", text(&made["token"]));
    let preview = fixture.app.client().get(path).await.ok();
    assert!(preview.to_string().contains("Полк"), "{preview}");
}
