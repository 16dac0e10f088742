//! Read-your-writes: a query waits, bounded, until the read model has the position of `Min-Event-Position`.

use crate::Access;
use axum::extract::{FromRef, FromRequestParts};
use events::Position;
use http::request::Parts;
use platform::http::{ApiError, MIN_EVENT_POSITION};
use protocol::{
    error::ErrorCode,
    lang::{JsonType, Text},
};
use std::time::Duration;

/// A position that the read model has reached, at least the one that the request names.
#[derive(Clone, Copy, Debug)]
pub struct Fresh(pub Position);

impl<S: Sync> FromRequestParts<S> for Fresh
where
    Access: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let access = Access::from_ref(state);
        let Some(wanted) = parts.headers.get(MIN_EVENT_POSITION) else {
            // Only a process that knows no position yet must query one.
            return Ok(Self(match access.read.known() {
                0 => access.read.position().await?,
                known => known,
            }));
        };
        let wanted = wanted.to_str().ok().and_then(|text| text.trim().parse::<Position>().ok());
        let wrong = || ApiError::field("Min-Event-Position", Text::WrongType { expected: JsonType::Integer });
        let wanted = wanted.ok_or_else(wrong)?;
        let patience = Duration::from_millis(access.config.wait.query_ms);
        if !access.read.caught_up(wanted, patience).await? {
            return Err(ApiError::new(ErrorCode::NotCaughtUp).retry_after(Duration::from_secs(1)));
        }
        Ok(Self(access.read.known().max(wanted)))
    }
}
