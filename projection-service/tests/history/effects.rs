//! Effects are planned once, whatever is replayed. After a crash between sending and recording, a webhook is sent again under
//! the same id.

use crate::team_fixture::{GROUP, INTEGRATION, TeamFixture, message_id, posted, stream_of};
use axum::{Router, extract::State, http::HeaderMap, routing::post};
use chrono::Utc;
use events::GroupId;
use outbound::{Outbound, OutboundPolicy, sms::Sms};
use platform::{
    clock::Clock,
    config::{Config, Profile, Webhooks},
};
use projection_service::effects::{EffectWorker, EffectWorkerDeps};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

/// A receiver of webhooks: its URL, and the ids it gets.
pub(crate) async fn receiver() -> (String, UnboundedReceiver<String>) {
    let (sender, ids) = unbounded_channel();
    let hook = async |State(sender): State<UnboundedSender<String>>, headers: HeaderMap| {
        let _ = sender.send(headers["webhook-id"].to_str().unwrap().to_owned());
    };
    let router = Router::new().route("/hook", post(hook)).with_state(sender);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/hook"), ids)
}

fn worker(team: &TeamFixture) -> EffectWorker {
    let webhooks = Webhooks { retry_delays_sec: vec![1], ..Config::defaults(Profile::Dev).webhooks };
    EffectWorker::new(deps(team, Clock::System, Sms::console(), webhooks))
}

/// Dependencies of a worker that may call this machine.
pub(crate) fn deps(team: &TeamFixture, clock: Clock, sms: Sms, webhooks: Webhooks) -> EffectWorkerDeps {
    let policy = OutboundPolicy {
        allow_http: true,
        allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ports: vec![],
        ..OutboundPolicy::default()
    };
    let (read, vault, outbound) = (team.read.clone(), team.vault.clone(), Outbound::new(policy).unwrap());
    EffectWorkerDeps { read, vault, clock, sms, outbound, fixed_code: None, webhooks }
}

/// Waits until no effect is due.
async fn wait_until_idle(team: &TeamFixture) {
    while team.count("SELECT count(*) FROM ops.effect WHERE due IS NOT NULL").await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn rebuild_sends_nothing_again_and_crash_before_recording_resends_under_the_same_id() {
    let team = TeamFixture::create().await;
    let (url, mut ids) = receiver().await;
    team.set_webhook(GROUP, &url).await;
    let id = message_id(1);
    let last = team.append(stream_of(id), posted(id, "раз")).await;
    team.projected(last).await;
    team.seal_integration_key().await;
    let payload: String =
        sqlx::query_scalar("SELECT payload FROM ops.effect").fetch_one(&team.pool).await.unwrap();
    let working = tokio::spawn(worker(&team).run());
    let first = ids.recv().await.unwrap();
    wait_until_idle(&team).await;
    let event = team.journal.log().read_all(last - 1, 1).await.unwrap().remove(0).id;
    assert_eq!(first, format!("{event}:{}", INTEGRATION.0), "named by event and receiver");

    // As if the worker had died before recording the answer, and its lease had expired.
    sqlx::query("UPDATE ops.effect SET due = $1, outcome = NULL, payload = $2")
        .bind(Utc::now())
        .bind(payload)
        .execute(&team.pool)
        .await
        .unwrap();
    assert_eq!(ids.recv().await.unwrap(), first, "at least once, and the receiver can tell");
    wait_until_idle(&team).await;

    team.rebuild().await;
    assert_eq!(team.count("SELECT count(*) FROM ops.effect").await, 1);
    assert!(ids.try_recv().is_err(), "a rebuild sends nothing");
    working.abort();
    team.tear_down().await;
}

#[tokio::test]
async fn waiting_webhook_is_dropped_after_its_integration_moves_to_another_group() {
    let team = TeamFixture::create().await;
    let (url, mut ids) = receiver().await;
    team.set_webhook(GROUP, &url).await;
    let id = message_id(1);
    team.append(stream_of(id), posted(id, "тайна")).await;
    let elsewhere = GroupId(Uuid::from_u128(0x99));
    let last = team.set_webhook(elsewhere, &url).await;
    team.projected(last).await;
    team.seal_integration_key().await;
    let working = tokio::spawn(worker(&team).run());
    wait_until_idle(&team).await;
    assert!(ids.try_recv().is_err(), "nobody is called");
    assert_eq!(team.count("SELECT count(*) FROM ops.effect").await, 1, "it was planned");
    working.abort();
    team.tear_down().await;
}
