//! The client of EventStoreDB panics in its own task if a provider of cryptography was installed before it, and is closed
//! for ever. Alone in its file: the provider is the process'.

use esdb_sim::Sim;
use event_log::{EventStoreDbLog, EventStoreDbSettings};

#[tokio::test]
async fn a_provider_that_came_first_is_said_at_once() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("nobody was faster");
    let server = Sim::start().await.expect("a port is free");
    let error =
        EventStoreDbLog::open(&server.url(), EventStoreDbSettings::default()).await.expect_err("refused");
    assert!(error.to_string().contains("before anything else"), "{error}");
}
