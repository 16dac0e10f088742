//! Teams.

use crate::fixture::{ADMIN, Fixture, GUEST, MEMBER, NOWHERE, OWNER, UNKNOWN, keyed, twice};
use http::Method;
use serde_json::json;
use veche_tests::{person::text, test_app::TestApp};

#[tokio::test]
async fn create_team_returns_the_team_with_its_owner_and_contacts() {
    let fixture = Fixture::start().await;
    let expected = json!({"name": "Полк", "uid": "<uuid>", "me": {"status": "owner"}, "contacts": [
        {"contact_phone": GUEST, "status": "guest"},
        {"contact_phone": MEMBER, "status": "member"},
        {"contact_phone": ADMIN, "status": "admin"},
        {"contact_phone": OWNER, "status": "owner"},
    ]});
    assert_eq!(veche_tests::partial::mismatches(&expected, &fixture.team.json), Vec::<String>::new());
    let listed = json!([{"uid": fixture.team.uid, "need_confirmation": true, "me": {"status": "member"}}]);
    fixture.member().await.client.get("/api/v3/teams").await.ok_like(&listed);
}

#[tokio::test]
async fn create_team_with_invalid_fields_names_each_of_them() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await;
    let body =
        json!({"name": " ", "contacts": [{"phone": "никто"}, {"phone": UNKNOWN, "status": "emperor"}]});
    anna.client.post("/api/v3/teams", body).await.invalid(&["contacts.0.phone", "contacts.1.status", "name"]);
    assert_eq!(anna.client.get("/api/v3/teams").await.ok(), json!([]));
}

#[tokio::test]
async fn create_team_repeated_with_its_idempotency_key_makes_one_team() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await;
    let team = twice(&anna, Method::POST, "/api/v3/teams", json!({"name": "Р"})).await;
    anna.client.get("/api/v3/teams").await.ok_like(&json!([{"uid": team["uid"]}]));
    let other = keyed(&anna, Method::POST, "/api/v3/teams", json!({"name": "Другая"})).await;
    other.fails(422, "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn change_team_is_for_owners_and_admins() {
    let fixture = Fixture::start().await;
    let (path, body) = (fixture.v3(""), json!({"name": "Иначе"}));
    fixture.member().await.client.put(&path, body.clone()).await.denied();
    fixture.guest().await.client.put(&path, body.clone()).await.denied();
    fixture.admin().await.client.put(&path, body.clone()).await.ok_like(&body);
    fixture.owner.client.get(&path).await.ok_like(&body);
}

#[tokio::test]
async fn change_team_with_an_empty_name_names_the_field() {
    let fixture = Fixture::start().await;
    fixture.owner.client.put(fixture.v3(""), json!({"name": ""})).await.invalid(&["name"]);
    fixture.owner.client.get(fixture.v3("")).await.ok_like(&json!({"name": "Полк"}));
}

#[tokio::test]
async fn team_of_others_is_not_found_whatever_is_asked() {
    let fixture = Fixture::start().await;
    let stranger = fixture.stranger().await.client;
    stranger.get(fixture.v3("")).await.not_found();
    stranger.get(fixture.v3("/usage")).await.not_found();
    stranger.put(fixture.v3(""), json!({"name": "Чужое"})).await.not_found();
    stranger.delete(fixture.v3("")).await.not_found();
    stranger.get(format!("/api/v3/teams/{NOWHERE}")).await.not_found();
    stranger.get("/api/v3/teams/no-uuid").await.not_found();
}

#[tokio::test]
async fn archive_team_is_for_its_owner_and_hides_it_from_everybody() {
    let fixture = Fixture::start().await;
    let admin = fixture.admin().await.client;
    admin.delete(fixture.v3("")).await.denied();
    let archived = fixture.owner.client.delete(fixture.v3("")).await.ok();
    assert_eq!((text(&archived["uid"]), &archived["is_archive"]), (fixture.team.uid.clone(), &json!(true)));
    for client in [&admin, &fixture.owner.client] {
        assert_eq!(client.get("/api/v3/teams").await.ok(), json!([]));
        client.get(fixture.v3("")).await.not_found();
    }
}

#[tokio::test]
async fn team_usage_starts_empty_and_is_for_owners_and_admins() {
    let fixture = Fixture::start().await;
    let usage = json!({"uploads_size": 0, "uploads_size_limit": 1_073_741_824});
    fixture.admin().await.client.get(fixture.v3("/usage")).await.ok_like(&usage);
    fixture.member().await.client.get(fixture.v3("/usage")).await.denied();
}
