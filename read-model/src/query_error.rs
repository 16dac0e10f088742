//! Why a query has no answer, and what a client gets then.

use platform::http::ApiError;
use protocol::{error::ErrorCode, lang::Text};
use std::time::Duration;

/// When a client should retry while the read model is being rebuilt.
const RETRY_WHILE_REBUILDING: Duration = Duration::from_secs(5);

/// Why the read model has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The database failed.
    #[error("the read model's database: {0}")]
    Database(#[from] sqlx::Error),
    /// A row holds a value that the projection cannot have written.
    #[error("a row of the read model is damaged: {0}")]
    Damaged(&'static str),
    /// The read model is being rebuilt: what is missing may yet exist.
    #[error("the read model is being rebuilt")]
    Rebuilding,
}

/// The result of a query.
pub type Result<T> = std::result::Result<T, QueryError>;

/// `UNAVAILABLE` with a time to retry, or `INTERNAL_SERVER_ERROR` for a damaged row.
impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Database(source) => Self::unavailable(source),
            QueryError::Rebuilding => Self::new(ErrorCode::Unavailable)
                .because(Text::Unavailable)
                .retry_after(RETRY_WHILE_REBUILDING),
            damaged @ QueryError::Damaged(_) => Self::internal(damaged),
        }
    }
}
