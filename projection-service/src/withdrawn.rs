//! Texts of messages that their authors deleted: sealed in `ops.withdrawn` for a day, so that the author's own sockets can
//! still show them (`read-model/src/message/withdrawn.rs`).

use crate::error::ProjectionError;
use chrono::{DateTime, Utc};
use events::MessageKey;
use read_model::message::Messages;
use secrets::vault::{Place, Vault};
use sqlx::PgConnection;

/// The text of a message that its author deleted.
#[derive(Clone, Debug)]
pub(crate) struct Withdrawn {
    pub(crate) message: MessageKey,
    pub(crate) text: String,
    /// Time of the deletion.
    pub(crate) at: DateTime<Utc>,
}

/// Stores the texts of a batch. Texts older than the retention time are left out, so that a rebuild restores none of them.
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
        "INSERT INTO ops.withdrawn (message, team, text, at) \
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[]) \
             AS n(message, team, text, at) WHERE n.at > now() - $5::text::interval ON CONFLICT DO NOTHING",
    )
    .bind(withdrawn.iter().map(|one| one.message.message.0).collect::<Vec<_>>())
    .bind(withdrawn.iter().map(|one| one.message.team.0).collect::<Vec<_>>())
    .bind(withdrawn.iter().map(seal).collect::<Result<Vec<_>, _>>()?)
    .bind(withdrawn.iter().map(|one| one.at).collect::<Vec<_>>())
    .bind(Messages::WITHDRAWN_KEPT)
    .execute(db)
    .await?;
    Ok(())
}
