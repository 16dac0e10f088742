//! Commands: POST, PUT, DELETE, and the two GET routes that change something.
//!
//! A handler parses, transacts, and answers with the view that the query would give. Every write route is registered in
//! `http.rs`, behind the layer that answers repetitions (`idempotency.rs`) or with a reason why it is not.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]

mod accounts;
mod aggregates;
mod answers;
mod blob_gc;
mod command_key;
mod context;
mod erasure;
mod files;
mod http;
mod idempotency;
mod input;
mod pictures;
mod rejections;
mod reminders;
mod service;
mod upkeep;
mod webhook;

pub use blob_gc::BlobGc;
pub use erasure::{Erasure, ErasurePass, ErasureRequested};
pub use reminders::Reminders;
pub use service::{CommandDeps, CommandService};
pub use upkeep::Upkeep;

use utoipa_axum::router::OpenApiRouter;

/// Every write route, with its description.
pub fn router(service: CommandService) -> OpenApiRouter {
    http::routes().into_router().with_state(service)
}

/// The description of every write route.
pub fn openapi() -> utoipa::openapi::OpenApi {
    http::routes().into_router().into_openapi()
}
