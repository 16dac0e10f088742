//! History over HTTP: for auditors, and for the owners of a team.

use crate::fixture::{Fixture, STRANGER};
use serde_json::{Value, json};
use veche_tests::{client::Client, eventually, test_app::TestApp};

/// A team whose stranger is an auditor.
async fn audited() -> Fixture {
    Fixture::on(TestApp::start_with(|config| config.audit.auditors = vec![STRANGER.to_owned()]).await).await
}

/// The events that a call lists, once there are some: the chain follows the log.
async fn events(client: &Client, path: &str) -> Value {
    eventually::until("events are in the chain", async || {
        let page = client.get(path).await.ok();
        (page["events"] != json!([])).then_some(page["events"].clone())
    })
    .await
}

#[tokio::test]
async fn audit_events_show_an_auditor_who_did_what() {
    let fixture = audited().await;
    let found = events(&fixture.stranger().await.client, "/api/audit/v1/events?kind=team.created.v1").await;
    let expected = json!([{
        "kind": "team.created.v1", "team": fixture.team.uid, "command": "team.create", "address": "127.0.0.1",
        "event_id": "<uuid>", "data": {"name": {"$personal": {"value": "Полк"}}},
    }]);
    assert_eq!(veche_tests::partial::mismatches(&expected, &found), Vec::<String>::new());
}

#[tokio::test]
async fn audit_events_are_for_auditors() {
    let fixture = audited().await;
    for path in ["/api/audit/v1/events", "/api/audit/v1/events/1", "/api/audit/v1/verify"] {
        fixture.owner.client.get(path).await.denied();
        fixture.app.client().get(path).await.fails(401, "EMPTY_TOKEN");
    }
}

#[tokio::test]
async fn audit_events_with_invalid_filters_name_the_field() {
    let auditor = audited().await.stranger().await.client;
    auditor.get("/api/audit/v1/events?since=yesterday").await.invalid(&["since"]);
    auditor.get("/api/audit/v1/events?actor=x").await.invalid(&["actor"]);
}

#[tokio::test]
async fn audit_event_that_does_not_exist_is_not_found() {
    let auditor = audited().await.stranger().await.client;
    auditor.get("/api/audit/v1/events/9007199254740992").await.not_found();
    auditor.get("/api/audit/v1/events/x").await.not_found();
}

#[tokio::test]
async fn audit_events_of_a_team_show_its_owner_no_personal_values() {
    let fixture = audited().await;
    let path = format!("/api/audit/v1/teams/{}/events", fixture.team.uid);
    let found = events(&fixture.owner.client, &format!("{path}?kind=team.created.v1")).await;
    let expected = json!([{"address": "<absent>", "data": {"name": {"$personal": {"value": "<absent>"}}}}]);
    assert_eq!(veche_tests::partial::mismatches(&expected, &found), Vec::<String>::new());
    let one = format!("{path}/{}", found[0]["position"]);
    fixture.owner.client.get(one).await.ok_like(&json!({"event": {"team": fixture.team.uid}}));
    fixture.owner.client.get(format!("{path}?address=127.0.0.1")).await.denied();
}

#[tokio::test]
async fn audit_events_of_a_team_are_for_its_owner() {
    let fixture = audited().await;
    let path = format!("/api/audit/v1/teams/{}/events", fixture.team.uid);
    fixture.admin().await.client.get(&path).await.denied();
    fixture.member().await.client.get(&path).await.denied();
    fixture.stranger().await.client.get(path).await.not_found();
}

#[tokio::test]
async fn audit_verify_tells_an_auditor_the_head_of_the_chain() {
    let fixture = audited().await;
    let auditor = fixture.stranger().await.client;
    events(&auditor, "/api/audit/v1/events").await;
    let head = json!({"number": "<any>", "head": "<any>", "not_signed": "<any>"});
    auditor.get("/api/audit/v1/verify").await.ok_like(&head);
}
