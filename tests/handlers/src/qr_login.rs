//! Logging in by a QR code that a logged-in device shows.

use crate::fixture::OWNER;
use serde_json::{Value, json};
use veche_tests::{
    client::Client,
    exchange::Answer,
    person::{Person, text},
    qr,
    test_app::TestApp,
};

async fn offer(person: &Person) -> String {
    let offer =
        person.client.get("/api/v3/qr-login.png?debug=True").await.ok_like(&json!({"lifetime_sec": 60}));
    text(&offer["url"]).rsplit('/').next().unwrap().to_owned()
}

async fn scan(nobody: &Client, token: &str, device: &str, kind: &str) -> Answer {
    let body = json!({"temp_token": token, "type": kind, "device_id": device, "name": "x"});
    nobody.post("/api/v3/qr-auth", body).await
}

#[tokio::test]
async fn qr_login_opens_a_session_of_the_account_that_showed_the_code() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await;
    let opened = scan(app.client(), &offer(&anna).await, "second", "ios").await;
    let opened = opened.ok_like(&json!({"token": "<token>", "me": {"phone": OWNER}}));
    assert_ne!(opened["token"], anna.token.as_str());
    app.client().as_token(&text(&opened["token"])).get("/api/v3/me").await.ok();
    anna.client.get("/api/v3/me").await.ok();
}

#[tokio::test]
async fn qr_login_code_opens_only_once() {
    let app = TestApp::start().await;
    let token = offer(&app.login(OWNER).await).await;
    scan(app.client(), &token, "second", "ios").await.ok();
    scan(app.client(), &token, "third", "ios").await.invalid(&["temp_token"]);
}

#[tokio::test]
async fn qr_login_with_invalid_fields_names_each_of_them() {
    let app = TestApp::start().await;
    scan(app.client(), "AAAAAAAAAAAAAAAAAAAAAA", "x", "ios").await.invalid(&["temp_token"]);
    let token = offer(&app.login(OWNER).await).await;
    scan(app.client(), &token, "", "toaster").await.invalid(&["device_id", "type"]);
}

#[tokio::test]
async fn qr_login_picture_holds_a_code_that_can_be_scanned() {
    let app = TestApp::start().await;
    let picture = app.login(OWNER).await.client.get("/api/v3/qr-login.png").await;
    assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, Some("image/png")));
    assert_eq!(picture.header("cache-control"), Some("no-store"));
    let url = qr::read(&picture.bytes);
    assert!(url.starts_with("otv://qr-login/127.0.0.1%3A8000/"), "{url}");
}

#[tokio::test]
async fn qr_login_picture_of_a_chosen_value_opens_nothing() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await;
    let drawn = qr::read(&anna.client.get("/api/v3/qr-login.png?value=abc").await.bytes);
    assert!(drawn.ends_with("/abc"), "{drawn}");
    scan(app.client(), "abc", "x", "ios").await.invalid(&["temp_token"]);
    let long = "a".repeat(300);
    anna.client.get(format!("/api/v3/qr-login.png?value={long}")).await.invalid(&["value"]);
}

#[tokio::test]
async fn qr_login_offer_without_a_session_is_unauthorized() {
    let app = TestApp::start().await;
    let refused = app.client().get("/api/v3/qr-login.png").await.fails(401, "EMPTY_TOKEN");
    assert_eq!(refused.json["result"], Value::Null);
}
