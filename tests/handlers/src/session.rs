//! Sessions of an account.

use crate::fixture::{NOWHERE, OWNER, STRANGER, twice};
use http::Method;
use serde_json::{Value, json};
use veche_tests::{
    person::{Person, text},
    test_app::TestApp,
};

#[tokio::test]
async fn sessions_are_listed_newest_first_with_the_current_one_marked() {
    let app = TestApp::start().await;
    Person::login_with_cookie(app.client(), OWNER).await;
    let anna = app.login(OWNER).await;
    let expected = json!([
        {"uid": "<uuid>", "kind": "token", "device_id": "first", "addr": "127.0.0.1", "created": "<time>", "current": true},
        {"uid": "<uuid>", "kind": "cookie", "device_id": null, "current": false},
    ]);
    anna.client.get("/api/v4/sessions").await.ok_like(&expected);
}

#[tokio::test]
async fn end_session_closes_that_session_alone() {
    let app = TestApp::start().await;
    let old = app.login(OWNER).await;
    let new = Person::login_as(app.client(), OWNER, "second").await;
    let sessions = new.client.get("/api/v4/sessions").await.ok();
    let other = sessions.as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
    let path = format!("/api/v4/sessions/{}", text(&other["uid"]));
    assert_eq!(new.client.delete(&path).await.ok(), Value::Null);
    old.client.get("/api/v3/me").await.fails(401, "INVALID_TOKEN");
    new.client.get("/api/v3/me").await.ok();
    new.client.delete(path).await.not_found();
}

#[tokio::test]
async fn end_session_of_another_account_is_not_found() {
    let app = TestApp::start().await;
    let (anna, stranger) = (app.login(OWNER).await, app.login(STRANGER).await);
    let sessions = anna.client.get("/api/v4/sessions").await.ok();
    stranger.client.delete(format!("/api/v4/sessions/{}", text(&sessions[0]["uid"]))).await.not_found();
    stranger.client.delete(format!("/api/v4/sessions/{NOWHERE}")).await.not_found();
    stranger.client.delete("/api/v4/sessions/nothing").await.not_found();
    anna.client.get("/api/v3/me").await.ok();
}

#[tokio::test]
async fn end_other_sessions_keeps_the_current_one_and_may_be_repeated() {
    let app = TestApp::start().await;
    let browser = Person::login_with_cookie(app.client(), OWNER).await;
    let anna = app.login(OWNER).await;
    twice(&anna, Method::DELETE, "/api/v4/sessions", Value::Null).await;
    browser.client.get("/api/v3/me").await.fails(401, "INVALID_TOKEN");
    anna.client.get("/api/v4/sessions").await.ok_like(&json!([{"current": true}]));
}

#[tokio::test]
async fn sessions_without_a_session_are_unauthorized() {
    let app = TestApp::start().await;
    app.client().get("/api/v4/sessions").await.fails(401, "EMPTY_TOKEN");
    app.client().delete("/api/v4/sessions").await.fails(401, "EMPTY_TOKEN");
}

#[tokio::test]
async fn logout_ends_the_current_session_alone() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await;
    let other = Person::login_as(app.client(), OWNER, "second").await;
    anna.client.post("/api/v3/cookieauth-logout", json!({})).await.ok();
    anna.client.get("/api/v3/me").await.fails(401, "INVALID_TOKEN");
    other.client.get("/api/v3/me").await.ok();
}
