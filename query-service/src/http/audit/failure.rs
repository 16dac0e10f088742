//! Error answers for history that cannot be read.

use audit::AuditError;
use event_log::ReadError;
use platform::http::ApiError;
use secrets::{journal::LoadError, keyring::KeyringError};

/// `UNAVAILABLE` if a retry may help, `INTERNAL_SERVER_ERROR` if something is damaged.
pub(super) fn unreadable(error: AuditError) -> ApiError {
    match error {
        AuditError::Database(_)
        | AuditError::Read(ReadError::Unavailable(_))
        | AuditError::Load(LoadError::Read(ReadError::Unavailable(_)))
        | AuditError::Load(LoadError::Keys(KeyringError::Database(_))) => ApiError::unavailable(error),
        damaged => ApiError::internal(damaged),
    }
}
