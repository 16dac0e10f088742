//! Tests of the whole: contract, end to end, faults, benches.
//!
//! This crate holds what they share: a [`world::World`] is the product as processes of its own, a [`client::Client`]
//! and a [`socket::Socket`] are a user's two ends of the wire, and what both see is held against the document the
//! product serves. A test that fails panics: there is nobody to return an error to.

pub mod chance;
pub mod client;
pub mod dump;
pub mod ear;
pub mod exchange;
pub mod fact;
pub mod fields;
pub mod frames;
pub mod likeness;
pub mod load;
pub mod local_postgres;
pub mod meddler;
pub mod nats;
pub mod nginx;
pub mod openapi;
pub mod own_log;
pub mod pair;
pub mod patience;
pub mod person;
pub mod planted;
pub mod process;
pub mod qr;
pub mod receiver;
pub mod replica;
pub mod room;
pub mod scenario;
pub mod server_sent;
pub mod shape;
pub mod shipped;
pub mod socket;
pub mod stored;
pub mod story;
pub mod wanderer;
pub mod world;
