//! Headers of this API, and the security headers of every answer.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};

/// Position of the event that an answer describes.
pub const EVENT_POSITION: HeaderName = HeaderName::from_static("event-position");
/// The position that the read model must have reached for a query.
pub const MIN_EVENT_POSITION: HeaderName = HeaderName::from_static("min-event-position");
/// The client's key of a command, equal for repetitions.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The session token.
pub const TOKEN: HeaderName = HeaderName::from_static("token");
/// Identifies a request for a login code: the answer sets it, and the client may send it back with the code.
pub const LOGIN_REQUEST: HeaderName = HeaderName::from_static("login-request");
/// Identifies a request in answers and logs.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Headers of every answer; a handler's own value takes precedence, so that a page can loosen its own policy.
const ALWAYS: [(HeaderName, HeaderValue); 7] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// One year of HSTS, if clients connect over https.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the headers of every answer.
pub(super) fn add(headers: &mut HeaderMap, https: bool) {
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(value);
    }
    if https {
        headers.entry(STRICT_TRANSPORT_SECURITY).or_insert(HSTS);
    }
}
