//! Failures of the read model and of quotas as answers.

use platform::http::ApiError;
use protocol::{error::ErrorCode, lang::Text};
use read_model::QueryError;
use std::time::Duration;

/// When a client should come back while the read model is being rebuilt.
const REBUILDING: Duration = Duration::from_secs(5);

/// What a client is told when the read model fails: that it may come back, unless a row is damaged.
pub fn refuse(error: QueryError) -> ApiError {
    match error {
        QueryError::Database(source) => ApiError::unavailable(source),
        QueryError::Rebuilding => {
            ApiError::new(ErrorCode::Unavailable).because(Text::TryLater).retry_after(REBUILDING)
        }
        damaged @ QueryError::Damaged(_) => ApiError::internal(damaged),
    }
}

/// There is no such thing, or none that the caller may know of.
pub fn not_found() -> ApiError {
    ApiError::new(ErrorCode::NotFound)
}
