//! Texts that authors take back: sealed beside the read model for a while, so that their own sockets can still show them
//! (see `read-model/src/message/withdrawn.rs`).

use crate::ProjectionError;
use chrono::{DateTime, Utc};
use events::MessageId;
use read_model::message::Messages;
use secrets::vault::{Place, Vault};
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
    if withdrawn.is_empty() {
        return Ok(());
    }
    let seal = |one: &Withdrawn| vault.seal(one.text.as_bytes(), Place::Withdrawn(one.message));
    sqlx::query(
        "INSERT INTO ops.withdrawn (message, text, at) SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) \
             AS n(message, text, at) WHERE n.at > now() - $4::text::interval ON CONFLICT DO NOTHING",
    )
    .bind(withdrawn.iter().map(|one| one.message.0).collect::<Vec<_>>())
    .bind(withdrawn.iter().map(seal).collect::<Result<Vec<_>, _>>()?)
    .bind(withdrawn.iter().map(|one| one.at).collect::<Vec<_>>())
    .bind(Messages::WITHDRAWN_KEPT)
    .execute(db)
    .await?;
    Ok(())
}
