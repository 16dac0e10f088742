//! Logging in with a code, by SMS.

use crate::fixture::{OWNER, STRANGER};
use serde_json::json;
use veche_tests::{
    client::Identity,
    exchange::{Body, Call},
    person::{Person, text},
    test_app::TestApp,
    world::CODE,
};

#[tokio::test]
async fn login_with_the_code_returns_a_token_that_opens_the_account() {
    let app = TestApp::start().await;
    let nobody = app.client();
    let asked = json!({"phone": OWNER, "code_length": 4, "code_valid_until": "<time>"});
    nobody.post("/api/v3/sms-login", json!({"phone": "8 (911) 000-00-01"})).await.ok_like(&asked);
    let body = json!({"phone": OWNER, "code": CODE, "type": "ios", "device_id": "d", "name": "Телефон"});
    let expected = json!({"token": "<token>", "me": {"phone": OWNER, "devices": [{"device_id": "d"}]}});
    let opened = nobody.post("/api/v3/sms-auth", body).await.ok_like(&expected);
    nobody.as_token(&text(&opened["token"])).get("/api/v3/me").await.ok_like(&json!({"phone": OWNER}));
}

#[tokio::test]
async fn login_with_a_wrong_code_names_the_field() {
    let app = TestApp::start().await;
    app.client().post("/api/v3/sms-login", json!({"phone": OWNER})).await.ok();
    let body = json!({"phone": OWNER, "code": "5554", "type": "ios", "device_id": "d", "name": "x"});
    app.client().post("/api/v3/sms-auth", body).await.invalid(&["code"]);
}

#[tokio::test]
async fn login_code_opens_only_once() {
    let app = TestApp::start().await;
    app.login(OWNER).await;
    let body = json!({"phone": OWNER, "code": CODE, "type": "ios", "device_id": "d", "name": "x"});
    app.client().post("/api/v3/sms-auth", body).await.invalid(&["code"]);
}

#[tokio::test]
async fn login_with_invalid_fields_names_each_of_them() {
    let app = TestApp::start().await;
    app.client().post("/api/v3/sms-login", json!({"phone": "никто"})).await.invalid(&["phone"]);
    let body = json!({"phone": "никто", "code": CODE, "type": "toaster", "device_id": "", "name": "x"});
    app.client().post("/api/v3/sms-auth", body).await.invalid(&["device_id", "phone", "type"]);
}

#[tokio::test]
async fn login_of_an_unknown_phone_answers_like_that_of_a_known_one() {
    let app = TestApp::start().await;
    app.login(OWNER).await;
    for phone in [OWNER, STRANGER] {
        let expected = json!({"phone": phone, "code_length": 4, "code_valid_until": "<time>"});
        let answer = app.client().post("/api/v3/sms-login", json!({"phone": phone})).await.ok_like(&expected);
        assert_eq!(answer.as_object().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn login_of_a_browser_sets_a_cookie_that_opens_the_account() {
    let app = TestApp::start().await;
    let browser = Person::login_with_cookie(app.client(), OWNER).await;
    let Identity::Cookie(cookie) = browser.client.identity() else { panic!("no cookie") };
    assert!(cookie.starts_with("tada_session="), "{cookie}");
    browser.client.get("/api/v3/me").await.ok_like(&json!({"phone": OWNER}));
}

#[tokio::test]
async fn logout_of_a_browser_from_another_site_is_denied() {
    let app = TestApp::start().await;
    let browser = Person::login_with_cookie(app.client(), OWNER).await;
    let call = Call::new(http::Method::GET, "/api/v3/cookieauth-logout", Body::Empty);
    browser.client.send(call.header("Sec-Fetch-Site", "cross-site")).await.denied();
    browser.client.get("/api/v3/me").await.ok();
    browser.client.get("/api/v3/cookieauth-logout").await.ok();
    browser.client.get("/api/v3/me").await.fails(401, "INVALID_TOKEN");
}
