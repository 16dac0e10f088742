//! The caller's own account, and its erasure.

use crate::fixture::{ADMIN, Fixture, MEMBER, OWNER};
use http::Method;
use serde_json::json;
use veche_tests::{
    exchange::{Body, Call},
    person::Person,
    test_app::TestApp,
};

async fn erase(person: &Person, phone: &str) -> veche_tests::exchange::Answer {
    person.client.send(Call::new(Method::DELETE, "/api/v3/me", Body::Json(json!({"phone": phone})))).await
}

#[tokio::test]
async fn me_shows_the_account_with_its_devices_and_teams() {
    let fixture = Fixture::start().await;
    let expected = json!({
        "phone": OWNER, "devices": [{"device_id": "first", "type": "android"}], "teams": [{"uid": fixture.team.uid}],
    });
    fixture.owner.client.get("/api/v3/me").await.ok_like(&expected);
}

#[tokio::test]
async fn me_without_a_session_or_with_an_unknown_token_is_unauthorized() {
    let app = TestApp::start().await;
    app.client().get("/api/v3/me").await.fails(401, "EMPTY_TOKEN");
    app.client().as_token("x").get("/api/v3/me").await.fails(401, "INVALID_TOKEN");
}

#[tokio::test]
async fn erase_account_with_another_phone_names_the_field() {
    let fixture = Fixture::start().await;
    let member = fixture.member().await;
    erase(&member, "x").await.invalid(&["phone"]);
    erase(&member, OWNER).await.invalid(&["phone"]);
    member.client.get("/api/v3/me").await.ok();
}

#[tokio::test]
async fn erase_account_of_a_teams_only_owner_is_denied() {
    let fixture = Fixture::start().await;
    erase(&fixture.owner, OWNER).await.denied();
}

#[tokio::test]
async fn erase_account_ends_its_sessions_and_takes_its_name_from_teams() {
    let fixture = Fixture::start().await;
    let member = fixture.member().await;
    erase(&member, MEMBER).await.ok_like(&json!({"receipt": "<uuid>"}));
    member.client.get("/api/v3/me").await.fails(401, "INVALID_TOKEN");
    let contact = fixture.v4(&format!("/contacts/{}", fixture.jid(MEMBER)));
    let erased = json!({"display_name": "Удалённый аккаунт", "contact_phone": ""});
    fixture.owner.client.get(contact).await.ok_like(&erased);
}

#[tokio::test]
async fn erased_phone_logs_in_to_a_new_account() {
    let fixture = Fixture::start().await;
    let admin = fixture.admin().await;
    erase(&admin, ADMIN).await.ok();
    let again = fixture.admin().await;
    again.client.get("/api/v3/me").await.ok_like(&json!({"phone": ADMIN, "teams": []}));
}
