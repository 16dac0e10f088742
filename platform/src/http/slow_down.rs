//! The answer to a used-up quota: `RATE_LIMIT` with `Retry-After`.
//!
//! `RateLimit` and `RateLimit-Policy` follow the IETF draft of these fields: a policy is a name with a quota `q` in
//! a window of `w` seconds; the state is the rest `r` and the seconds `t` until there is more.

use super::ApiError;
use crate::limits::Exceeded;
use http::{HeaderName, HeaderValue};
use protocol::{error::ErrorCode, lang::Text};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

impl From<Exceeded> for ApiError {
    fn from(exceeded: Exceeded) -> Self {
        let Exceeded { limit, quota, retry_after } = exceeded;
        let seconds = retry_after.as_secs();
        let name = limit.name();
        metrics::counter!("veche_limits_exceeded_total", "limit" => name).increment(1);
        let error =
            Self::new(ErrorCode::RateLimit).because(Text::RateLimited { seconds }).retry_after(retry_after);
        let error =
            with(error, RATE_LIMIT_POLICY, &format!("\"{name}\";q={};w={}", quota.count, quota.seconds));
        with(error, RATE_LIMIT, &format!("\"{name}\";r=0;t={seconds}"))
    }
}

fn with(error: ApiError, name: HeaderName, value: &str) -> ApiError {
    match HeaderValue::from_str(value) {
        Ok(value) => error.header(name, value),
        Err(_) => error,
    }
}
