//! Sockets over a real listener, a real database and the bus.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod client;
mod client_events;
mod connecting;
mod ending;
mod feed;
mod fixture;
mod slow_reader;
