//! Why a request failed, as clients read it: a code, and texts that are rendered in the caller's language.

use crate::lang::{Lang, Text};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};
use utoipa::ToSchema;

/// The code of a failure, in `error`; clients branch on it. The status follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// 400: the request cannot be read as HTTP of this API.
    BadRequest,
    /// 401: no token and no session cookie.
    EmptyToken,
    /// 401: the token or the session is not valid (any more).
    InvalidToken,
    /// 403: known, but not allowed.
    AccessDenied,
    /// 404: no such thing, or none that the caller may know of.
    NotFound,
    /// 405: the path knows other methods, named in `Allow`.
    InvalidMethod,
    /// 409: another change came first and the server gave up repeating this one.
    Conflict,
    /// 413: more bytes than the call reads.
    RequestTooLarge,
    /// 415: a body of a type that the call does not read.
    UnsupportedMediaType,
    /// 422: a value is refused; `details` names the fields.
    InvalidData,
    /// 422: the idempotency key came before with another request.
    IdempotencyKeyReused,
    /// 429: too many requests; `Retry-After` tells when to come back.
    RateLimit,
    /// 500: the server's fault; the reason names the request id.
    InternalServerError,
    /// 503: the read model has not reached the position asked for.
    NotCaughtUp,
    /// 503: a part of the server is not available.
    Unavailable,
    /// 504: the server took too long.
    Timeout,
}

impl ErrorCode {
    /// Every code, in the order of its status.
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

    /// The HTTP status that goes with the code.
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

    /// The code for a bare HTTP status, as a framework gives it.
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

    /// The word clients read.
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
    /// The code.
    pub code: ErrorCode,
    /// One sentence about the whole, where it helps.
    pub reason: Option<Text>,
    /// Field → what is wrong with it; shown with [`ErrorCode::InvalidData`] only.
    pub details: BTreeMap<String, Text>,
}

impl Failure {
    /// A failure that says no more than its code.
    pub const fn new(code: ErrorCode) -> Self {
        Self { code, reason: None, details: BTreeMap::new() }
    }

    /// `INVALID_DATA` for one field. Nested fields are named with dots: `contacts.0.phone`.
    pub fn field(name: impl Into<String>, text: Text) -> Self {
        Self::new(ErrorCode::InvalidData).and(name, text)
    }

    /// Adds what is wrong with another field; the first text of a field stays.
    #[must_use]
    pub fn and(mut self, name: impl Into<String>, text: Text) -> Self {
        self.details.entry(name.into()).or_insert(text);
        self
    }

    /// Adds a sentence about the whole.
    #[must_use]
    pub fn because(mut self, reason: Text) -> Self {
        self.reason = Some(reason);
        self
    }

    /// The texts in a language: the reason, and the details if the code shows them.
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
    fn the_word_is_the_same_wherever_it_is_written() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{code}\""));
        }
    }

    #[test]
    fn a_framework_status_maps_to_a_code_of_that_status() {
        for status in [401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503, 504] {
            assert_eq!(ErrorCode::from_status(status).status(), status);
        }
        assert_eq!(ErrorCode::from_status(418), ErrorCode::BadRequest);
        assert_eq!(ErrorCode::from_status(502), ErrorCode::InternalServerError);
    }

    #[test]
    fn details_are_shown_with_invalid_data_only() {
        let failure = Failure::field("phone", Text::NotAPhone).and("phone", Text::Required);
        let (_, details) = failure.texts(Lang::En);
        assert_eq!(details["phone"], "Not a phone number");
        let denied = Failure { code: ErrorCode::AccessDenied, ..failure };
        assert!(denied.texts(Lang::En).1.is_empty());
    }
}
