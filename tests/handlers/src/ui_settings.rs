//! Settings of clients, kept as they are.

use crate::fixture::{OWNER, STRANGER, twice};
use http::Method;
use serde_json::json;
use veche_tests::{
    exchange::{Body, Call},
    test_app::TestApp,
};

const PATH: &str = "/api/v3/ui-settings";

#[tokio::test]
async fn ui_settings_are_an_empty_object_at_first() {
    let app = TestApp::start().await;
    assert_eq!(app.login(OWNER).await.client.get(PATH).await.ok(), json!({}));
}

#[tokio::test]
async fn replace_ui_settings_keeps_any_json_as_it_is() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await.client;
    let settings = json!({"a": [1, 2.5, null, {"b": "ё"}]});
    assert_eq!(anna.put(PATH, settings.clone()).await.ok(), settings);
    assert_eq!(anna.get(PATH).await.ok(), settings);
    anna.put(PATH, json!({"c": 1})).await.ok();
    assert_eq!(anna.get(PATH).await.ok(), json!({"c": 1}), "replaced, not merged");
}

#[tokio::test]
async fn replace_ui_settings_repeated_with_its_idempotency_key_returns_the_stored_answer() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await;
    twice(&anna, Method::PUT, PATH, json!({"a": 1})).await;
}

#[tokio::test]
async fn replace_ui_settings_with_something_else_than_an_object_is_invalid() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await.client;
    anna.put(PATH, json!([1])).await.fails(422, "INVALID_DATA");
    assert_eq!(anna.get(PATH).await.ok(), json!({}));
}

#[tokio::test]
async fn replace_ui_settings_beyond_their_size_is_too_large() {
    let app = TestApp::start().await;
    let body = Body::Raw { content_type: Some("application/json".to_owned()), bytes: vec![b'0'; 16_001] };
    let call = Call::new(Method::PUT, PATH, body);
    app.login(OWNER).await.client.send(call).await.fails(413, "REQUEST_TOO_LARGE");
}

#[tokio::test]
async fn ui_settings_of_another_account_do_not_show() {
    let app = TestApp::start().await;
    app.login(OWNER).await.client.put(PATH, json!({"a": 1})).await.ok();
    assert_eq!(app.login(STRANGER).await.client.get(PATH).await.ok(), json!({}));
    app.client().get(PATH).await.fails(401, "EMPTY_TOKEN");
}
