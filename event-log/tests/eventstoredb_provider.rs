//! The client of EventStoreDB panics in its own task if a cryptography provider was installed before it, and then
//! stays closed. In a file of its own, since the provider is process-wide.

use esdb_sim::Sim;
use event_log::{EventStoreDbLog, EventStoreDbSettings};

#[tokio::test]
async fn foreign_provider_is_reported_on_open() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("nobody was faster");
    let server = Sim::start().await.expect("a port is free");
    let error =
        EventStoreDbLog::open(&server.url(), EventStoreDbSettings::default()).await.expect_err("refused");
    assert!(error.to_string().contains("before anything else"), "{error}");
}
