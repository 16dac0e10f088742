//! Sockets over a real listener, a real database and the bus.

#![allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks")]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod client;
mod client_events;
mod connecting;
mod ending;
mod feed;
mod fixture;
mod slow_reader;
