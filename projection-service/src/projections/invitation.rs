//! Invitations: rows exist while they are open.

use crate::batch::{At, Batch};
use events::{TeamId, invitation};

pub(super) async fn created(
    batch: &mut Batch<'_>,
    at: At<'_>,
    team: TeamId,
    created: &invitation::Created,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO invitation (uid, team, token_hash, token_sealed, created, since) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(created.invitation.0)
    .bind(team.0)
    .bind(&created.token_hash)
    .bind(&created.token_sealed)
    .bind(at.meta.at)
    .bind(at.row())
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

pub(super) async fn revoked(batch: &mut Batch<'_>, revoked: &invitation::Revoked) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM invitation WHERE uid = $1")
        .bind(revoked.invitation.0)
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}
