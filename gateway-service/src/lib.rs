//! Realtime: one websocket serves one account in one team.
//!
//! The feed is the truth; the bus only makes it fast. The [`hub`] follows the feeds of scopes with subscribers in
//! this process and fans each row out to the subscribers it concerns. Each socket's own task renders it for its
//! viewer, so no socket waits for another. Client events become commands, see [`Upstream`].
//!
//! Layers, from the bottom: `close_code`, `meters`, `frame`, `confirmations`, `counters`, `credentials`;
//! `shared_row`; `hub`; `presence`, `render`, `transport`, `upstream`; `gateway` (what all sockets share);
//! `socket`; `connect`, `stream`; `routes`.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]

mod close_code;
mod confirmations;
mod connect;
mod connection_limits;
mod counters;
mod credentials;
mod frame;
mod gateway;
mod hub;
mod meters;
mod presence;
mod render;
mod routes;
mod shared_row;
mod socket;
mod stream;
mod transport;
mod upgrade;
mod upstream;

pub use gateway::{Gateway, GatewayDeps, GatewayError};
pub use upstream::Upstream;

/// The OpenAPI description of the routes of sockets and streams.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes::routes().into_openapi()
}
