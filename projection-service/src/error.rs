//! Why a batch could not be applied.

use events::Position;
use secrets::{journal::LoadError, vault::VaultError};

/// Why the projection could not apply a batch.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// An event could not be decoded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] event_log::ReadError),
    /// The database of the read model failed.
    #[error("the read model's database: {0}")]
    Database(#[from] sqlx::Error),
    /// The event refers to something that no earlier event created.
    #[error("the event at position {0} refers to something that does not exist")]
    DanglingReference(Position),
    /// Another version of the program has replaced the tables of the read model.
    #[error("the read model's tables belong to another version of the program")]
    SchemaMismatch,
    /// The shadow has applied more events than the served read model that it is to replace.
    #[error("the served read model has fallen behind the shadow that is to replace it")]
    ShadowAhead,
    /// The shadow has applied an event that an operator skipped later, so it must be filled again from the beginning.
    #[error("the new read model has applied an event that was skipped since")]
    SkippedEventApplied,
    /// The payload of an effect or a withdrawn text could not be sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A value could not be converted to or from JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}
