//! Address books of devices.

use crate::fixture::{OWNER, STRANGER, UNKNOWN, twice};
use http::Method;
use serde_json::json;
use veche_tests::test_app::TestApp;

const PATH: &str = "/api/v3/devices/first/address-book";

#[tokio::test]
async fn replace_address_book_finds_the_accounts_behind_its_phones() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await.client;
    app.login(STRANGER).await;
    let body = json!({"contacts": [{"phones": ["8 911 000 00 05"], "nick": "Боря"}, {"phones": [UNKNOWN]}]});
    let entries = json!([{"nick": "Боря", "account": {"phone": STRANGER}}, {"phones": [UNKNOWN]}]);
    anna.put(PATH, body).await.ok_like(&json!({"contacts": entries}));
    anna.get(PATH).await.ok_like(&entries);
}

#[tokio::test]
async fn address_book_is_empty_until_it_is_sent() {
    let app = TestApp::start().await;
    assert_eq!(app.login(OWNER).await.client.get(PATH).await.ok(), json!([]));
}

#[tokio::test]
async fn replace_address_book_forgets_the_entries_before() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await.client;
    anna.put(PATH, json!({"contacts": [{"phones": [UNKNOWN]}]})).await.ok();
    anna.put(PATH, json!({"contacts": []})).await.ok();
    assert_eq!(anna.get(PATH).await.ok(), json!([]));
}

#[tokio::test]
async fn replace_address_book_repeated_with_its_idempotency_key_returns_the_stored_answer() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await;
    twice(&anna, Method::PUT, PATH, json!({"contacts": [{"phones": [UNKNOWN]}]})).await;
}

#[tokio::test]
async fn address_book_of_an_unknown_device_is_not_found() {
    let app = TestApp::start().await;
    let anna = app.login(OWNER).await.client;
    anna.get("/api/v3/devices/nothing/address-book").await.not_found();
    anna.put("/api/v3/devices/nothing/address-book", json!({"contacts": []})).await.not_found();
}

#[tokio::test]
async fn address_book_of_another_account_does_not_show() {
    let app = TestApp::start().await;
    let (anna, stranger) = (app.login(OWNER).await.client, app.login(STRANGER).await.client);
    anna.put(PATH, json!({"contacts": [{"phones": [UNKNOWN]}]})).await.ok();
    assert_eq!(stranger.get(PATH).await.ok(), json!([]), "the stranger's own device has the same id");
}
