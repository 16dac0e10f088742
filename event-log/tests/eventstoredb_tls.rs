//! EventStoreDB over TLS: trusted and untrusted servers, and the errors reported.

use esdb_sim::{Sim, authority, other_authority};
use event_log::{EventStoreDbLog, EventStoreDbSettings, Expected, Log, conformance::sample::append};
use std::time::Duration;

fn settings() -> EventStoreDbSettings {
    EventStoreDbSettings { give_up_after: Duration::from_millis(200), ..EventStoreDbSettings::default() }
}

async fn refusal(url: &str) -> String {
    EventStoreDbLog::open(url, settings()).await.map(drop).expect_err(url).to_string()
}

fn url_trusting(server: &Sim, authority: &str) -> String {
    format!("esdb://127.0.0.1:{}?tls=true{authority}", server.port())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_over_tls_appends_reads_and_subscribes() {
    let mut server = Sim::start_with_tls().await.expect("a port is free");
    assert!(server.url().contains("tls=true"));
    let patient =
        EventStoreDbSettings { give_up_after: Duration::from_secs(60), ..EventStoreDbSettings::default() };
    let log = Log::EventStoreDb(EventStoreDbLog::open(&server.url(), patient).await.expect("it opens"));
    let mut following = log.subscribe(0);
    let first = log.append(append("tls-1", Expected::NoStream, 1)).await.expect("stored");
    assert_eq!(following.next_batch(10).await.expect("told")[0].position, first.position);
    server.restart().await.expect("the port is still free");
    let second = log.append(append("tls-1", Expected::Revision(0), 1)).await.expect("stored");
    assert_eq!(following.next_batch(10).await.expect("told")[0].position, second.position);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn untrusted_server_is_refused_with_the_reason() {
    let server = Sim::start_with_tls().await.expect("a port is free");
    let host = format!("127.0.0.1:{}", server.port());
    let unknown = format!("TLS with {host}: invalid peer certificate: UnknownIssuer");
    let other = format!("&tlsCaFile={}", other_authority().display());
    let told = refusal(&url_trusting(&server, &other)).await;
    assert!(told.contains(&unknown), "{told}");
    // The system's authorities do not trust the test servers either.
    let told = refusal(&url_trusting(&server, "")).await;
    assert!(told.contains(&unknown), "{told}");
    assert_eq!(server.calls("Append") + server.calls("Read"), 0, "nothing was asked");
    let told = refusal(&url_trusting(&server, "&tlsCaFile=/nowhere/ca.pem")).await;
    assert!(told.contains("tlsCaFile /nowhere/ca.pem: "), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_text_and_tls_endpoints_refuse_each_other() {
    let (secret, plain) = (Sim::start_with_tls().await, Sim::start().await);
    let (secret, plain) = (secret.expect("a port is free"), plain.expect("a port is free"));
    let trusted = format!("&tlsCaFile={}", authority().display());
    let told = refusal(&url_trusting(&plain, &trusted)).await;
    assert!(told.contains("TLS with 127.0.0.1"), "{told}");
    refusal(&format!("esdb://127.0.0.1:{}?tls=false", secret.port())).await;
    assert_eq!(secret.calls("Read") + plain.calls("Read"), 0, "nothing was asked");
}
