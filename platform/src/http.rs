//! The HTTP shell around every service's router: it writes bodies, headers, log lines and metrics.
//!
//! Handlers return `Result<Reply<T>, ApiError>`; both only leave an outcome in the response's extensions. The shell
//! writes the envelope around it, in the caller's language and layout, and turns other failures (unknown path,
//! wrong method, panic, timeout) into the same envelope. A [`Bare`] answer passes unchanged.

mod body;
mod body_drain;
mod client;
mod coding;
mod envelope;
pub mod fields;
mod file_form;
mod form;
mod guard;
mod headers;
pub mod health;
mod json;
mod observe;
mod origin;
mod outcome;
mod params;
mod ranges;
mod refusal;
mod reply;
mod request;
mod rules;
mod shell;
mod slow_down;
mod vouched;

pub use body::{AddressFirst, Body, BodyLimit, RawBody};
pub use client::client_address;
pub use fields::FieldErrors;
pub use file_form::{ArrivingFile, FileForm, FormFields, FormTimeouts};
pub use form::Form;
pub use headers::{EVENT_POSITION, IDEMPOTENCY_KEY, LOGIN_REQUEST, MIN_EVENT_POSITION, REQUEST_ID, TOKEN};
pub use json::{DEEPEST_JSON, parse as parse_json};
pub use origin::require_same_origin;
pub use params::{Params, Query};
pub use ranges::{RangeRequest, not_modified, requested_range};
pub use refusal::ApiError;
pub use reply::{Bare, Reply};
pub use request::{RequestFacts, RequestInfo};
pub use shell::Shell;
pub use vouched::vouch;

#[cfg(test)]
mod tests;
