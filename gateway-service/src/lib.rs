//! Realtime: one websocket is one account in one team.
//!
//! What clients are told comes from the feed; the bus only makes it fast. The [`hub`] follows the feeds of scopes that
//! have sockets here and hands each row to whom it concerns; each socket's own task renders it for its viewer, so that
//! nobody waits for anybody else. What clients say becomes commands, see [`Upstream`].

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

/// The description of the routes of sockets and streams.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes::routes().into_openapi()
}
