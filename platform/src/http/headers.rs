//! The headers of this API, and those that every answer carries for the sake of browsers.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};

/// The position of the event an answer speaks of.
pub const EVENT_POSITION: HeaderName = HeaderName::from_static("event-position");
/// A query asks that the read model be at this position at least.
pub const MIN_EVENT_POSITION: HeaderName = HeaderName::from_static("min-event-position");
/// The client's key of a command, equal for repetitions.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The session token.
pub const TOKEN: HeaderName = HeaderName::from_static("token");
/// Names a request for a login code: the answer gives it, and the client may send it back with the code.
pub const LOGIN_REQUEST: HeaderName = HeaderName::from_static("login-request");
/// Names a request in answers and logs.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// For every answer; what a handler has set itself stays, so that a page may loosen its own policy.
const ALWAYS: [(HeaderName, HeaderValue); 7] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// A year of https only, once clients come by https.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the headers that every answer carries.
pub(super) fn add(headers: &mut HeaderMap, https: bool) {
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(value);
    }
    if https {
        headers.entry(STRICT_TRANSPORT_SECURITY).or_insert(HSTS);
    }
}
