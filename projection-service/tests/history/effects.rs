//! Effects on the outside world: planned once whatever is replayed; after a crash between sending and noting it, sent
//! again under the same id.

use crate::stage::{GROUP, INTEGRATION, Stage, TEAM, message_id, posted};
use axum::{Router, extract::State, http::HeaderMap, routing::post};
use chrono::Utc;
use events::{GroupId, Personal, StreamName, TeamEvent, integration};
use outbound::{Outbound, OutboundPolicy, sms::Sms};
use platform::{
    clock::Clock,
    config::{Config, Profile, Webhooks},
};
use projection_service::effects::{EffectWorker, EffectWorkerDeps};
use secrets::vault::Place;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

/// A receiver of webhooks: its address, and the ids that come.
pub(crate) async fn receiver() -> (String, UnboundedReceiver<String>) {
    let (told, ids) = unbounded_channel();
    let hook = async |State(told): State<UnboundedSender<String>>, headers: HeaderMap| {
        let _ = told.send(headers["webhook-id"].to_str().unwrap().to_owned());
    };
    let router = Router::new().route("/hook", post(hook)).with_state(told);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/hook"), ids)
}

fn worker(stage: &Stage) -> EffectWorker {
    let webhooks = Webhooks { retry_delays_sec: vec![1], ..Config::defaults(Profile::Dev).webhooks };
    EffectWorker::new(deps(stage, Clock::System, Sms::console(), webhooks))
}

/// What a worker of this stage works with; it may call this machine.
pub(crate) fn deps(stage: &Stage, clock: Clock, sms: Sms, webhooks: Webhooks) -> EffectWorkerDeps {
    let policy = OutboundPolicy {
        allow_http: true,
        allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ports: vec![],
        ..OutboundPolicy::default()
    };
    let (read, vault, outbound) = (stage.read.clone(), stage.vault.clone(), Outbound::new(policy).unwrap());
    EffectWorkerDeps { read, vault, clock, sms, outbound, fixed_code: None, webhooks }
}

/// Waits until nothing is to be done any more.
async fn done(stage: &Stage) {
    while stage.count("SELECT count(*) FROM ops.effect WHERE due IS NOT NULL").await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn rebuild_sends_nothing_again_and_crash_before_recording_resends_under_the_same_id() {
    let stage = Stage::set().await;
    let (url, mut ids) = receiver().await;
    let own = |text: &str| Personal::of_team(TEAM, text.to_owned());
    let settings =
        integration::Settings {
            comment: own("сборка"), enabled: true, group: GROUP, webhook_url: own(&url)
        };
    let changed = integration::Changed { integration: INTEGRATION, settings };
    stage.append(StreamName::team(TEAM), TeamEvent::from(changed).into()).await;
    let id = message_id(1);
    let last = stage.append(StreamName::message(id), posted(id, "раз")).await;
    stage.projected(last).await;
    // The key of an integration is sealed in earnest.
    sqlx::query("UPDATE integration SET key_sealed = $1")
        .bind(stage.vault.seal(b"key", Place::Integration(TEAM, INTEGRATION)).unwrap())
        .execute(&stage.pool)
        .await
        .unwrap();
    let payload: String =
        sqlx::query_scalar("SELECT payload FROM ops.effect").fetch_one(&stage.pool).await.unwrap();
    let working = tokio::spawn(worker(&stage).run());
    let first = ids.recv().await.unwrap();
    done(&stage).await;
    let event = stage.journal.log().read_all(last - 1, 1).await.unwrap().remove(0).id;
    assert_eq!(first, format!("{event}:{}", INTEGRATION.0), "named by event and receiver");

    // As if the worker had died between the answer and the note: its lease runs out.
    sqlx::query("UPDATE ops.effect SET due = $1, outcome = NULL, payload = $2")
        .bind(Utc::now())
        .bind(payload)
        .execute(&stage.pool)
        .await
        .unwrap();
    assert_eq!(ids.recv().await.unwrap(), first, "at least once, and the receiver can tell");
    done(&stage).await;

    stage.rebuild().await;
    assert_eq!(stage.count("SELECT count(*) FROM ops.effect").await, 1);
    assert!(ids.try_recv().is_err(), "a rebuild sends nothing");
    working.abort();
    stage.strike().await;
}

#[tokio::test]
async fn waiting_webhook_is_dropped_after_its_integration_moves_to_another_group() {
    let stage = Stage::set().await;
    let (url, mut ids) = receiver().await;
    let settings = |group: GroupId| integration::Settings {
        comment: Personal::of_team(TEAM, "сборка".to_owned()),
        enabled: true,
        group,
        webhook_url: Personal::of_team(TEAM, url.clone()),
    };
    let change = |group| integration::Changed { integration: INTEGRATION, settings: settings(group) };
    stage.append(StreamName::team(TEAM), TeamEvent::from(change(GROUP)).into()).await;
    let id = message_id(1);
    stage.append(StreamName::message(id), posted(id, "тайна")).await;
    let elsewhere = GroupId(Uuid::from_u128(0x99));
    let last = stage.append(StreamName::team(TEAM), TeamEvent::from(change(elsewhere)).into()).await;
    stage.projected(last).await;
    sqlx::query("UPDATE integration SET key_sealed = $1")
        .bind(stage.vault.seal(b"key", Place::Integration(TEAM, INTEGRATION)).unwrap())
        .execute(&stage.pool)
        .await
        .unwrap();
    let working = tokio::spawn(worker(&stage).run());
    done(&stage).await;
    assert!(ids.try_recv().is_err(), "nobody is called");
    assert_eq!(stage.count("SELECT count(*) FROM ops.effect").await, 1, "it was planned");
    working.abort();
    stage.strike().await;
}
