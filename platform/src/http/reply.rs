//! The success answer of handlers.

use super::{ApiError, headers::EVENT_POSITION, outcome::Outcome};
use axum::response::{IntoResponse, Response};
use events::Position;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::value::to_raw_value;
use std::sync::Arc;

/// A result for the envelope; status 200 by default.
#[derive(Clone, Debug)]
pub struct Reply<T> {
    result: T,
    headers: HeaderMap,
    status: StatusCode,
}

impl<T> Reply<T> {
    /// A result with no headers.
    pub fn new(result: T) -> Self {
        Self { result, headers: HeaderMap::new(), status: StatusCode::OK }
    }

    /// Sets the header `Event-Position`: the position of the event that the answer describes.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.headers.insert(EVENT_POSITION, HeaderValue::from(position));
        self
    }

    /// Sets status 202: the command is accepted, and its effect is not visible yet.
    #[must_use]
    pub fn accepted(mut self) -> Self {
        self.status = StatusCode::ACCEPTED;
        self
    }

    /// Sets status 204: the command is done, and there is nothing to show.
    #[must_use]
    pub fn unshown(mut self) -> Self {
        self.status = StatusCode::NO_CONTENT;
        self
    }

    /// Adds a header; a name may come more than once, as `Set-Cookie` does.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        if self.status == StatusCode::NO_CONTENT {
            return Bare((self.status, self.headers)).into_response();
        }
        match to_raw_value(&self.result) {
            Ok(raw) => {
                let mut response = Response::default();
                *response.headers_mut() = self.headers;
                *response.status_mut() = self.status;
                response.extensions_mut().insert(Outcome::Success(Arc::new(raw)));
                response
            }
            Err(source) => ApiError::internal(source).into_response(),
        }
    }
}

/// An answer with a body of its own kind: pictures, files, documents. The shell only adds headers.
#[derive(Clone, Debug)]
pub struct Bare<R>(pub R);

impl<R: IntoResponse> IntoResponse for Bare<R> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.extensions_mut().insert(IsBare);
        response
    }
}

/// Marks a response that the shell must not touch.
#[derive(Clone, Copy)]
pub(super) struct IsBare;
