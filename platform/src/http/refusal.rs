//! The error answer of handlers.

use super::outcome::{Outcome, Refusal};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::RETRY_AFTER};
use protocol::{
    error::{ErrorCode, Failure},
    lang::Text,
};
use std::{error::Error, fmt, sync::Arc, time::Duration};

/// A failure with what only the server needs: its cause, for the log, and headers.
pub struct ApiError(Box<Refusal>);

impl ApiError {
    /// A failure with its code only.
    pub fn new(code: ErrorCode) -> Self {
        Failure::new(code).into()
    }

    /// `INVALID_DATA` for one field.
    pub fn field(name: impl Into<String>, text: Text) -> Self {
        Failure::field(name, text).into()
    }

    /// An unexpected error: the caller gets the request id, the log gets the cause.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(ErrorCode::InternalServerError).caused_by(source)
    }

    /// A part of the server is unavailable; the caller may retry in a second.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = Self::new(ErrorCode::Unavailable).because(Text::Unavailable);
        error.caused_by(source).retry_after(Duration::from_secs(1))
    }

    /// Adds a sentence about the request as a whole.
    #[must_use]
    pub fn because(mut self, reason: Text) -> Self {
        self.0.failure.reason = Some(reason);
        self
    }

    /// Keeps the cause for the log; clients never see it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Sets `Retry-After`, in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.append(name, value);
        self
    }

    /// Marks a failure that the caller requested (`ping?error`): logs and metrics do not count it as a fault.
    #[must_use]
    pub fn deliberate(mut self) -> Self {
        self.0.deliberate = true;
        self
    }

    /// The failure as clients read it.
    pub fn failure(&self) -> &Failure {
        &self.0.failure
    }

    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.0.failure.code
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        Self(Box::new(Refusal { failure, source: None, deliberate: false, headers: HeaderMap::new() }))
    }
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError").field("failure", &self.0.failure).field("source", &self.0.source).finish()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut refusal = self.0;
        let mut response = Response::default();
        *response.status_mut() = status(refusal.failure.code);
        *response.headers_mut() = std::mem::take(&mut refusal.headers);
        response.extensions_mut().insert(Outcome::Failure(Arc::from(refusal)));
        response
    }
}

pub(super) fn status(code: ErrorCode) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// An error and its causes, on one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
