//! A webhook target that never answers delays no login and no other team, and only a limited number of its own team's webhooks.
//! The tests observe the order of events, not durations.

use crate::{
    effects::{deps, receiver},
    sample_events::{group_created, group_settings, team_created},
    team_fixture::{
        ACCOUNT, CONTACT, GROUP, INTEGRATION, TEAM, TeamFixture, message_id, posted_in, webhook_settings,
    },
};
use axum::{Router, http::StatusCode, routing::post};
use chrono::{TimeDelta, Utc};
use events::{
    ContactId, GroupId, IntegrationId, MessageEvent, MessageKey, Personal, PhoneEvent, StreamName, TeamEvent,
    TeamId, integration, phone::CodeRequested, value::IntegrationKind,
};
use outbound::sms::{BodyFormat, GatewayOptions, Sms};
use platform::{
    clock::Clock,
    config::{Config, Profile, Webhooks},
};
use projection_service::effects::EffectWorker;
use secrets::vault::Place;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};
use uuid::Uuid;

/// Maximum wait; only a hang takes longer.
const GUARD: Duration = Duration::from_secs(120);

/// A target that accepts every call and answers none: its URL, and the number of open calls.
async fn unresponsive_target() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let open = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&open);
    tokio::spawn(async move {
        let mut held = vec![];
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            held.push(stream);
        }
    });
    (url, open)
}

/// A target that answers each call with the next of these statuses, then with 200: its URL, and the statuses as they are sent.
async fn answering(statuses: &'static [u16]) -> (String, UnboundedReceiver<u16>) {
    let (told, calls) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let next = Arc::new(AtomicUsize::new(0));
    let hook = post(async move || {
        let status = statuses.get(next.fetch_add(1, Ordering::SeqCst)).copied().unwrap_or(200);
        let _ = told.send(status);
        StatusCode::from_u16(status).unwrap()
    });
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", hook)).await });
    (url, calls)
}

fn rules() -> Webhooks {
    Config::defaults(Profile::Dev).webhooks
}

/// Adds an integration with a webhook and a key that opens.
async fn add_integration(fixture: &TeamFixture, (team, group): (TeamId, GroupId), number: u128, url: &str) {
    let integration = IntegrationId(Uuid::from_u128(0x500 + number));
    let settings = webhook_settings((team, group), url);
    let created = integration::Created {
        integration,
        kind: IntegrationKind::Raw,
        key_sealed: fixture.vault.seal(b"key", Place::Integration(team, integration)).unwrap(),
        key_hash: format!("k{number}"),
        settings,
    };
    fixture.append(StreamName::team(team), TeamEvent::from(created).into()).await;
}

/// Creates another team with a group.
async fn neighbours(fixture: &TeamFixture) -> (TeamId, GroupId) {
    let (team, group) = (TeamId(Uuid::from_u128(0x31)), GroupId(Uuid::from_u128(0x41)));
    let owner = ContactId(Uuid::from_u128(0x21));
    fixture.append(StreamName::team(team), team_created(team, owner, "Соседи")).await;
    let created = group_created((team, group), owner, group_settings(team, "Чат", true));
    fixture.append(StreamName::chat(group), created).await;
    (team, group)
}

async fn post_in(fixture: &TeamFixture, (team, group): (TeamId, GroupId), number: u128) -> u64 {
    let message = message_id(number);
    let posted = posted_in((team, group), CONTACT, message, &number.to_string());
    fixture.append(StreamName::message(MessageKey { team, message }), MessageEvent::from(posted).into()).await
}

/// The fixture's own integration has an address that no test calls.
async fn delete_webhooks_of_the_fixture(fixture: &TeamFixture) {
    let forget = sqlx::query("DELETE FROM ops.effect WHERE integration = $1").bind(INTEGRATION.0);
    forget.execute(&fixture.pool).await.unwrap();
}

/// Number of webhooks with an outcome.
async fn ended(fixture: &TeamFixture) -> i64 {
    fixture.count("SELECT count(*) FROM ops.effect WHERE kind = 'webhook' AND outcome IS NOT NULL").await
}

async fn tries(fixture: &TeamFixture) -> i64 {
    fixture.count("SELECT coalesce(sum(attempts), 0)::bigint FROM ops.effect WHERE kind = 'webhook'").await
}

/// Waits until this number of consecutive failures is recorded, and no webhook is in flight.
async fn failed(fixture: &TeamFixture, times: i64) {
    let failures = "SELECT coalesce(max(failures), 0)::bigint FROM ops.webhook_pause";
    let held = "SELECT count(*) FROM ops.effect WHERE held_until IS NOT NULL";
    while fixture.count(failures).await < times || fixture.count(held).await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn login_codes_are_sent_while_webhooks_wait_for_an_unresponsive_target() {
    let fixture = TeamFixture::create().await;
    let (url, open) = unresponsive_target().await;
    let (told, mut sent) = unbounded_channel();
    let gateway = Router::new().route("/", post(async move |body: String| drop(told.send(body))));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway_url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, gateway).await });
    add_integration(&fixture, (TEAM, GROUP), 1, &url).await;
    for number in 0..100 {
        post_in(&fixture, (TEAM, GROUP), number).await;
    }
    let mut last = 0;
    for number in 0..20_u8 {
        let requested = CodeRequested {
            nonce: Uuid::from_u128(number.into()),
            at: Utc::now(),
            code_length: 6,
            valid_until: Utc::now() + TimeDelta::hours(1),
            send: true,
            phone: Some(Personal::of_account(ACCOUNT, format!("+791666600{number:02}"))),
            lang: "ru".into(),
            request_hash: None,
            replaces: None,
            address: None,
            withheld: None,
        };
        let stream = StreamName::phone(&hex::encode([number; 32]));
        last = fixture.append(stream, PhoneEvent::from(requested).into()).await;
    }
    fixture.projected(last).await;
    delete_webhooks_of_the_fixture(&fixture).await;
    assert_eq!(fixture.count("SELECT count(*) FROM ops.effect").await, 120);
    let sms = Sms::gateway(GatewayOptions {
        url: gateway_url,
        format: BodyFormat::Json,
        template: r#"{"to": "{phone}", "text": "{text}"}"#.into(),
        authorization: None,
        timeout: GUARD,
        attempts: 1,
        pause: Duration::ZERO,
    })
    .unwrap();
    let working = tokio::spawn(EffectWorker::new(deps(&fixture, Clock::System, sms, rules())).run());
    for _ in 0..20 {
        tokio::time::timeout(GUARD, sent.recv()).await.unwrap().unwrap();
    }
    assert_eq!(ended(&fixture).await, 0, "no webhook had to end first");
    assert!(open.load(Ordering::SeqCst) <= 1, "one at a time of an integration");
    working.abort();
    fixture.tear_down().await;
}

#[tokio::test]
async fn flooding_team_is_limited_to_four_webhooks_and_delays_no_other_team() {
    let fixture = TeamFixture::create().await;
    let (url, open) = unresponsive_target().await;
    let (well, mut heard) = receiver().await;
    for number in 1..=10 {
        add_integration(&fixture, (TEAM, GROUP), number, &url).await;
    }
    for number in 0..30 {
        post_in(&fixture, (TEAM, GROUP), number).await;
    }
    let other = neighbours(&fixture).await;
    add_integration(&fixture, other, 11, &well).await;
    let mut last = 0;
    for number in 30..40 {
        last = post_in(&fixture, other, number).await;
    }
    fixture.projected(last).await;
    delete_webhooks_of_the_fixture(&fixture).await;
    let working =
        tokio::spawn(EffectWorker::new(deps(&fixture, Clock::System, Sms::console(), rules())).run());
    for _ in 0..10 {
        tokio::time::timeout(GUARD, heard.recv()).await.unwrap().unwrap();
    }
    let of_flood = "SELECT count(*) FROM ops.effect WHERE kind = 'webhook' AND outcome <> 'done'";
    assert_eq!(fixture.count(of_flood).await, 0, "none of the flood had to end first");
    assert!(open.load(Ordering::SeqCst) <= 4, "four at once of a team");
    working.abort();
    fixture.tear_down().await;
}

#[tokio::test]
async fn failing_target_is_paused_and_loses_no_webhook() {
    let fixture = TeamFixture::create().await;
    let (url, mut calls) = answering(&[500, 503, 502, 500]).await;
    let (clock, time) = Clock::scripted(Utc::now() + TimeDelta::hours(1));
    add_integration(&fixture, (TEAM, GROUP), 1, &url).await;
    let mut last = 0;
    for number in 0..6 {
        last = post_in(&fixture, (TEAM, GROUP), number).await;
    }
    fixture.projected(last).await;
    delete_webhooks_of_the_fixture(&fixture).await;
    let rules = Webhooks {
        retry_delays_sec: vec![5; 8],
        pause_after: 3,
        pause_sec: 60,
        longest_pause_sec: 100,
        ..rules()
    };
    let begun = || {
        let deps = deps(&fixture, clock.clone(), Sms::console(), rules.clone());
        tokio::spawn(EffectWorker::new(deps).run())
    };
    let working = begun();
    for _ in 0..3 {
        tokio::time::timeout(GUARD, calls.recv()).await.unwrap().unwrap();
    }
    failed(&fixture, 3).await;
    // Three have been tried and are due again, three never were; all wait, also for a worker that begins afresh.
    time.advance(TimeDelta::seconds(30));
    working.abort();
    let working = begun();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((calls.try_recv().is_err(), tries(&fixture).await), (true, 3));
    // One asks whether it is well: it is not, and the next pause is longer.
    time.advance(TimeDelta::seconds(31));
    assert_eq!(tokio::time::timeout(GUARD, calls.recv()).await.unwrap(), Some(500));
    failed(&fixture, 4).await;
    time.advance(TimeDelta::seconds(61));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(calls.try_recv().is_err(), "it rests for longer than the first time");
    time.advance(TimeDelta::seconds(60));
    for _ in 0..6 {
        assert_eq!(tokio::time::timeout(GUARD, calls.recv()).await.unwrap(), Some(200), "nothing is lost");
    }
    let open = "SELECT count(*) FROM ops.effect WHERE due IS NOT NULL";
    while fixture.count(open).await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(fixture.count("SELECT count(*) FROM ops.webhook_pause").await, 0, "well again");
    assert_eq!(tries(&fixture).await, 10);
    working.abort();
    fixture.tear_down().await;
}
