//! Refuses compressed request bodies, and says which coding is accepted (RFC 9110, 8.4.1 and 12.5.3).

use super::ApiError;
use axum::{body::HttpBody, extract::Request};
use http::{
    HeaderValue,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING},
};
use protocol::{error::ErrorCode, lang::Text};

/// The coding that changes nothing.
const IDENTITY: &str = "identity";

/// The refusal of an encoded body.
pub(super) fn refusal(request: &Request) -> Option<ApiError> {
    if request.body().is_end_stream() {
        return None;
    }
    let mut named = request.headers().get_all(CONTENT_ENCODING).iter();
    let plain = |value: &HeaderValue| {
        let codings = value.to_str().unwrap_or("?").split(',').map(str::trim);
        codings.filter(|coding| !coding.is_empty()).all(|coding| coding.eq_ignore_ascii_case(IDENTITY))
    };
    if named.all(plain) {
        return None;
    }
    let refused = ApiError::new(ErrorCode::UnsupportedMediaType).because(Text::UnsupportedCoding);
    Some(refused.header(ACCEPT_ENCODING, HeaderValue::from_static(IDENTITY)))
}
