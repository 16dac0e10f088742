//! Writes the envelope of every answer of the API.

use super::{
    RequestInfo,
    outcome::{Outcome, Refusal},
    refusal::{chain, status},
    reply::IsBare,
};
use axum::{body::Body, response::Response};
use http::{
    HeaderValue, Method,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use protocol::{
    envelope,
    error::{ErrorCode, Failure},
    lang::Text,
};

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// How a request ended, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With success or a failure.
    Usual,
    /// With a failure that the caller asked for.
    Deliberate,
}

/// Turns a handler's outcome, or a failure of the framework, into the envelope.
pub(super) fn finish(mut response: Response, method: &Method, info: &RequestInfo) -> (Response, Ending) {
    let outcome = response.extensions_mut().remove::<Outcome>();
    match outcome {
        Some(Outcome::Success(result)) => {
            let body = envelope::success(&result, info.started.elapsed(), info.layout);
            (with_body(response, body, method), Ending::Usual)
        }
        Some(Outcome::Failure(refusal)) => {
            report(&refusal, info);
            let body = failure(&refusal.failure, info);
            let ending = if refusal.deliberate { Ending::Deliberate } else { Ending::Usual };
            (with_body(response, body, method), ending)
        }
        None if is_finished(&response) => (response, Ending::Usual),
        None => {
            // The framework's own refusals have a text body that says less than our code.
            let code = ErrorCode::from_status(response.status().as_u16());
            *response.status_mut() = status(code);
            let body = failure(&Failure::new(code), info);
            (with_body(response, body, method), Ending::Usual)
        }
    }
}

fn is_finished(response: &Response) -> bool {
    let refused = response.status().is_client_error() || response.status().is_server_error();
    !refused || response.extensions().get::<IsBare>().is_some()
}

fn failure(failure: &Failure, info: &RequestInfo) -> serde_json::Result<Vec<u8>> {
    let took = info.started.elapsed();
    if failure.code == ErrorCode::InternalServerError && failure.reason.is_none() {
        let told = failure.clone().because(Text::Internal { request_id: info.id.clone() });
        return envelope::failure(&told, info.lang, took, info.layout);
    }
    envelope::failure(failure, info.lang, took, info.layout)
}

fn with_body(mut response: Response, body: serde_json::Result<Vec<u8>>, method: &Method) -> Response {
    let body = body.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be serialised");
        br#"{"_time":"0 ms","ok":false,"error":"INTERNAL_SERVER_ERROR"}"#.to_vec()
    });
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    // The router has counted the empty body that the handler returned.
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = if method == Method::HEAD { Body::empty() } else { Body::from(body) };
    response
}

/// Logs a failure that has a cause.
fn report(refusal: &Refusal, info: &RequestInfo) {
    let Some(source) = &refusal.source else { return };
    let code = refusal.failure.code;
    let cause = chain(source.as_ref());
    if code.status() >= 500 && !refusal.deliberate {
        tracing::error!(request_id = info.id, route = info.route(), %code, cause, "a request failed");
    } else {
        tracing::debug!(request_id = info.id, route = info.route(), %code, cause, "a request was refused");
    }
}
