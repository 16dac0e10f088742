//! Devices of an account.

use crate::fixture::{OWNER, STRANGER, twice};
use http::Method;
use serde_json::{Value, json};
use veche_tests::test_app::TestApp;

fn laptop() -> Value {
    json!({"device_id": "laptop", "name": "Хром", "type": "web", "notification_token": "n"})
}

#[tokio::test]
async fn put_device_adds_it_behind_the_one_of_the_login() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await.client;
    anna.post("/api/v3/devices", laptop()).await.ok_like(&laptop());
    anna.get("/api/v3/devices/laptop").await.ok_like(&json!({"name": "Хром"}));
    let devices = json!([{"device_id": "first"}, {"device_id": "laptop"}]);
    anna.get("/api/v3/devices").await.ok_like(&devices);
}

#[tokio::test]
async fn put_device_again_replaces_all_its_fields() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await.client;
    anna.post("/api/v3/devices", laptop()).await.ok();
    let body = json!({"device_id": "laptop", "name": "Заново", "type": "web"});
    anna.post("/api/v3/devices", body).await.ok_like(&json!({"name": "Заново", "notification_token": ""}));
}

#[tokio::test]
async fn put_device_repeated_with_its_idempotency_key_returns_the_stored_answer() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await;
    twice(&anna, Method::POST, "/api/v3/devices", laptop()).await;
}

#[tokio::test]
async fn put_device_of_an_unknown_type_names_the_field() {
    let app = TestApp::start().await;
    let body = json!({"device_id": "z", "name": "x", "type": "toaster"});
    app.login(OWNER).await.client.post("/api/v3/devices", body).await.invalid(&["type"]);
}

#[tokio::test]
async fn change_device_keeps_the_fields_that_are_not_sent() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await.client;
    anna.post("/api/v3/devices", laptop()).await.ok();
    let changed = json!({"name": "Хром", "notification_token": "n", "data_pushes": true});
    anna.put("/api/v3/devices/laptop", json!({"data_pushes": true})).await.ok_like(&changed);
    anna.put("/api/v3/devices/nothing", json!({"name": "x"})).await.not_found();
}

#[tokio::test]
async fn device_of_another_account_is_not_found() {
    let app = TestApp::start().await;
    let (anna, stranger) = (app.login(OWNER).await.client, app.login(STRANGER).await.client);
    anna.post("/api/v3/devices", laptop()).await.ok();
    stranger.get("/api/v3/devices/laptop").await.not_found();
    stranger.put("/api/v3/devices/laptop", json!({"name": "x"})).await.not_found();
    stranger.delete("/api/v3/devices/laptop").await.not_found();
}

#[tokio::test]
async fn remove_device_ends_the_session_of_that_device() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await.client;
    anna.post("/api/v3/devices", laptop()).await.ok();
    assert_eq!(anna.delete("/api/v3/devices/laptop").await.ok(), Value::Null);
    anna.get("/api/v3/me").await.ok();
    anna.delete("/api/v3/devices/first").await.ok();
    anna.get("/api/v3/me").await.fails(401, "INVALID_TOKEN");
}
