//! Failures as clients read them: a code, and texts rendered in the caller's language.

use crate::lang::{Lang, Text};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};
use utoipa::ToSchema;

/// Stable code of a failure, in `error`; clients branch on it. It determines the HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// 400: the request cannot be parsed.
    BadRequest,
    /// 401: the request carries neither a token nor a session cookie.
    EmptyToken,
    /// 401: the token or the session is not valid, or no longer valid.
    InvalidToken,
    /// 403: the caller is known and lacks the right.
    AccessDenied,
    /// 404: the object does not exist, or the caller may not know of it.
    NotFound,
    /// 405: the path has other methods, listed in `Allow`.
    InvalidMethod,
    /// 409: concurrent changes came first and the server gave up retrying.
    Conflict,
    /// 413: the body is larger than the call accepts.
    RequestTooLarge,
    /// 415: the call does not accept this content type or encoding.
    UnsupportedMediaType,
    /// 422: a value is rejected; `details` names the fields.
    InvalidData,
    /// 422: the idempotency key was used with another request.
    IdempotencyKeyReused,
    /// 429: too many requests; `Retry-After` says in how many seconds to try again.
    RateLimit,
    /// 500: a fault of the server; the reason names the request id.
    InternalServerError,
    /// 503: the read model has not reached the requested position.
    NotCaughtUp,
    /// 503: a part of the server is not available.
    Unavailable,
    /// 504: the server took too long.
    Timeout,
}

impl ErrorCode {
    /// All codes, ordered by status.
    pub const ALL: [Self; 16] = [
        Self::BadRequest,
        Self::EmptyToken,
        Self::InvalidToken,
        Self::AccessDenied,
        Self::NotFound,
        Self::InvalidMethod,
        Self::Conflict,
        Self::RequestTooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidData,
        Self::IdempotencyKeyReused,
        Self::RateLimit,
        Self::InternalServerError,
        Self::NotCaughtUp,
        Self::Unavailable,
        Self::Timeout,
    ];

    /// The HTTP status of the code.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::EmptyToken | Self::InvalidToken => 401,
            Self::AccessDenied => 403,
            Self::NotFound => 404,
            Self::InvalidMethod => 405,
            Self::Conflict => 409,
            Self::RequestTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::InvalidData | Self::IdempotencyKeyReused => 422,
            Self::RateLimit => 429,
            Self::InternalServerError => 500,
            Self::NotCaughtUp | Self::Unavailable => 503,
            Self::Timeout => 504,
        }
    }

    /// The code for a bare HTTP status from the framework.
    pub const fn from_status(status: u16) -> Self {
        match status {
            401 => Self::InvalidToken,
            403 => Self::AccessDenied,
            404 => Self::NotFound,
            405 => Self::InvalidMethod,
            409 => Self::Conflict,
            413 => Self::RequestTooLarge,
            415 => Self::UnsupportedMediaType,
            422 => Self::InvalidData,
            429 => Self::RateLimit,
            503 => Self::Unavailable,
            408 | 504 => Self::Timeout,
            400..=499 => Self::BadRequest,
            _ => Self::InternalServerError,
        }
    }

    /// The code as it is written on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::EmptyToken => "EMPTY_TOKEN",
            Self::InvalidToken => "INVALID_TOKEN",
            Self::AccessDenied => "ACCESS_DENIED",
            Self::NotFound => "NOT_FOUND",
            Self::InvalidMethod => "INVALID_METHOD",
            Self::Conflict => "CONFLICT",
            Self::RequestTooLarge => "REQUEST_TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::InvalidData => "INVALID_DATA",
            Self::IdempotencyKeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::RateLimit => "RATE_LIMIT",
            Self::InternalServerError => "INTERNAL_SERVER_ERROR",
            Self::NotCaughtUp => "NOT_CAUGHT_UP",
            Self::Unavailable => "UNAVAILABLE",
            Self::Timeout => "TIMEOUT",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failure before its language is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The error code.
    pub code: ErrorCode,
    /// One sentence about the failure as a whole, where it helps.
    pub reason: Option<Text>,
    /// Field name → text about its value; shown only with [`ErrorCode::InvalidData`].
    pub details: BTreeMap<String, Text>,
}

impl Failure {
    /// A failure with a code and no texts.
    pub const fn new(code: ErrorCode) -> Self {
        Self { code, reason: None, details: BTreeMap::new() }
    }

    /// `INVALID_DATA` for one field. Nested fields are written with dots: `contacts.0.phone`.
    pub fn field(name: impl Into<String>, text: Text) -> Self {
        Self::new(ErrorCode::InvalidData).and(name, text)
    }

    /// Adds a text about another field; the first text of a field wins.
    #[must_use]
    pub fn and(mut self, name: impl Into<String>, text: Text) -> Self {
        self.details.entry(name.into()).or_insert(text);
        self
    }

    /// Sets the sentence about the failure as a whole.
    #[must_use]
    pub fn because(mut self, reason: Text) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Renders the reason, and the details if the code shows them.
    pub fn texts(&self, lang: Lang) -> (Option<String>, BTreeMap<&str, String>) {
        let reason = self.reason.as_ref().map(|text| text.render(lang));
        let shown = self.code == ErrorCode::InvalidData;
        let details = self.details.iter().filter(|_| shown);
        (reason, details.map(|(name, text)| (name.as_str(), text.render(lang))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorCode, Failure};
    use crate::lang::{Lang, Text};

    #[test]
    fn error_code_serializes_as_its_display() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{code}\""));
        }
    }

    #[test]
    fn framework_status_maps_to_a_code_with_that_status() {
        for status in [401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503, 504] {
            assert_eq!(ErrorCode::from_status(status).status(), status);
        }
        assert_eq!(ErrorCode::from_status(418), ErrorCode::BadRequest);
        assert_eq!(ErrorCode::from_status(502), ErrorCode::InternalServerError);
    }

    #[test]
    fn details_are_rendered_with_invalid_data_only() {
        let failure = Failure::field("phone", Text::NotAPhone).and("phone", Text::Required);
        let (_, details) = failure.texts(Lang::En);
        assert_eq!(details["phone"], "Not a phone number");
        let denied = Failure { code: ErrorCode::AccessDenied, ..failure };
        assert!(denied.texts(Lang::En).1.is_empty());
    }
}
