//! Tests of the whole product: contract, end to end, faults, benches.
//!
//! This crate holds what they share. A [`world::World`] is the product as processes of its own, a [`test_app::TestApp`] is
//! the product in the test's own process. A [`client::Client`] and a [`socket::Socket`] check everything they receive
//! against the documents that the product serves. All functions panic instead of returning errors: a test fails by it.

pub mod client;
pub mod dump;
pub mod env;
pub mod eventually;
pub mod example_matcher;
pub mod exchange;
pub mod fact;
pub mod fields;
pub mod flaky_client;
pub mod frames;
pub mod listening_group;
pub mod load;
pub mod local_postgres;
pub mod nats;
pub mod nginx;
pub mod openapi;
pub mod own_log;
pub mod partial;
pub mod person;
pub mod pii_canaries;
pub mod process;
pub mod qr;
pub mod random_workload;
pub mod receiver;
pub mod recording_socket;
pub mod replica;
pub mod scenario;
pub mod seed_walkthrough;
pub mod server_sent;
pub mod shape;
pub mod shipped;
pub mod soak;
pub mod socket;
pub mod stored;
pub mod test_app;
pub mod two_users;
pub mod world;
