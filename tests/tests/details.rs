//! Details of the reference that a single answer does not show: durations, sizes, ownership.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use chrono::{DateTime, TimeDelta};
use http::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use veche_tests::{
    exchange::{Body, Call},
    person::{Person, text},
    world::World,
};

const ANNA: &str = "+79120000001";
const BORIS: &str = "+79120000002";

fn time(value: &Value) -> DateTime<chrono::FixedOffset> {
    DateTime::parse_from_rfc3339(&text(value)).unwrap()
}

#[tokio::test]
async fn delayed_ping_waits_for_the_requested_time() {
    let world = World::all_in_one().await;
    let started = Instant::now();
    world.client().get("/api/v3/ping?delay_sec=0.5").await.ok();
    assert!(started.elapsed() >= Duration::from_millis(500));
}

#[tokio::test]
async fn login_code_is_valid_for_a_minute_and_each_login_has_its_own_token() {
    let world = World::all_in_one().await;
    let before = time(&world.client().get("/api/v3/time").await.ok());
    let sent = world.client().post("/api/v3/sms-login", json!({"phone": ANNA})).await.ok();
    let after = time(&world.client().get("/api/v3/time").await.ok());
    let until = time(&sent["code_valid_until"]) - TimeDelta::seconds(60);
    assert!(before <= until && until <= after, "{before} {until} {after}");
    let first = Person::login(world.client(), ANNA).await;
    let second = Person::login(world.client(), ANNA).await;
    assert_ne!(first.token, second.token);
    for person in [first, second] {
        assert_eq!(person.token.len(), 32);
        assert_eq!(person.client.get("/api/v3/me").await.ok()["devices"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn cookie_session_has_no_device_and_opens_sockets() {
    let world = World::all_in_one().await;
    let browser = Person::login_with_cookie(world.client(), ANNA).await;
    assert_eq!(browser.client.get("/api/v3/me").await.ok()["devices"], json!([]));
    let team = browser.make_team("т", &[]).await;
    browser.socket(&team.uid).await.ask("client.ping", Value::Null).await;
}

/// An object of this many bytes.
fn settings(bytes: usize, fill: char) -> Vec<u8> {
    let frame = r#"{"a":""}"#;
    let amount = (bytes - frame.len()) / fill.len_utf8();
    let rest = bytes - frame.len() - amount * fill.len_utf8();
    format!(r#"{{"a":"{}{}"}}"#, String::from(fill).repeat(amount), "x".repeat(rest)).into_bytes()
}

#[tokio::test]
async fn ui_settings_are_per_account_and_limited_in_bytes() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    for fill in ['x', 'ы'] {
        for (bytes, fits) in [(16_000, true), (16_001, false)] {
            let content_type = Some("application/json".to_owned());
            let body = Body::Raw { content_type, bytes: settings(bytes, fill) };
            let answer = anna.client.send(Call::new(Method::PUT, "/api/v3/ui-settings", body)).await;
            match fits {
                true => drop(answer.ok()),
                false => drop(answer.fails(413, "REQUEST_TOO_LARGE")),
            }
        }
    }
    assert_eq!(boris.client.get("/api/v3/ui-settings").await.ok(), json!({}));
    let other = Person::login_with_cookie(world.client(), ANNA).await;
    let seen = other.client.get("/api/v3/ui-settings").await.ok();
    assert_eq!(seen, anna.client.get("/api/v3/ui-settings").await.ok(), "of the account, not of a session");
}

#[tokio::test]
async fn message_is_editable_within_the_teams_age_limit() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let team = anna.make_team("т", &[BORIS]).await;
    for age in [86_400, 60] {
        anna.client
            .put(format!("/api/v3/teams/{}", team.uid), json!({"max_message_update_age": age}))
            .await
            .ok();
        let message = anna.post(&team.uid, &team.jid_of(BORIS), "раз").await;
        assert_eq!(time(&message["editable_until"]) - time(&message["created"]), TimeDelta::seconds(age));
        let created = time(&message["created"]).timestamp_nanos_opt();
        assert!(message["gentime"].as_i64() >= created, "{message}");
    }
}
