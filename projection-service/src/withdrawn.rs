//! Texts that authors take back: sealed beside the read model for a while, so that their own sockets can still show them
//! (see `read-model/src/message/withdrawn.rs`).

use crate::ProjectionError;
use chrono::{DateTime, Utc};
use events::MessageId;
use platform::vault::Vault;
use read_model::ReadModel;
use sqlx::PgConnection;

/// The text of a message that its author has deleted.
#[derive(Clone, Debug)]
pub(crate) struct Withdrawn {
    /// Which message.
    pub(crate) message: MessageId,
    /// What it said.
    pub(crate) text: String,
    /// When it was deleted.
    pub(crate) at: DateTime<Utc>,
}

/// Keeps the texts of a batch, but none that were taken back long ago: a rebuild brings nothing back.
pub(crate) async fn store(
    db: &mut PgConnection,
    vault: &Vault,
    withdrawn: Vec<Withdrawn>,
) -> Result<(), ProjectionError> {
    for Withdrawn { message, text, at } in withdrawn {
        let sealed = vault.seal(text.as_bytes(), message.0.as_bytes())?;
        sqlx::query(
            "INSERT INTO ops.withdrawn (message, text, at) SELECT $1, $2, $3 WHERE $3 > now() - $4::text::interval \
             ON CONFLICT DO NOTHING",
        )
        .bind(message.0)
        .bind(sealed)
        .bind(at)
        .bind(ReadModel::WITHDRAWN_KEPT)
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}
