//! The outcome of a handler, which travels in the response's extensions until the shell writes a body from it.

use http::HeaderMap;
use protocol::error::Failure;
use serde_json::value::RawValue;
use std::{error::Error, sync::Arc};

/// The outcome that the shell writes a body from.
#[derive(Clone)]
pub(super) enum Outcome {
    /// The result as JSON.
    Success(Arc<Box<RawValue>>),
    /// The refusal.
    Failure(Arc<Refusal>),
}

/// A failure with its cause, for the log, and its headers.
pub(super) struct Refusal {
    pub(super) failure: Failure,
    pub(super) source: Option<Box<dyn Error + Send + Sync>>,
    pub(super) deliberate: bool,
    pub(super) headers: HeaderMap,
}
