//! How fresh a query's answer must be: the header `Min-Event-Position`, honoured by waiting, bounded.

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

/// The read model has what the request asks for: the answer shows at least the events up to this position.
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
            // What this process knows to be there is there; only a process that has heard of nothing yet must look.
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
