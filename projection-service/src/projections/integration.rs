//! Integrations: rows exist until they are removed.

use crate::batch::{At, Batch};
use events::{TeamId, integration};

pub(super) async fn created(
    batch: &mut Batch<'_>,
    at: At<'_>,
    team: TeamId,
    created: &integration::Created,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO integration (uid, team, kind, key_hash, key_sealed, comment, enabled, chat, webhook_url, \
             created, since) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(created.integration.0)
    .bind(team.0)
    .bind(created.kind.word())
    .bind(&created.key_hash)
    .bind(&created.key_sealed)
    .bind(created.settings.comment.or_default())
    .bind(created.settings.enabled)
    .bind(created.settings.group.0)
    .bind(created.settings.webhook_url.or_default())
    .bind(at.meta.at)
    .bind(at.row())
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

pub(super) async fn changed(
    batch: &mut Batch<'_>,
    changed: &integration::Changed,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE integration SET comment = $2, enabled = $3, chat = $4, webhook_url = $5 WHERE uid = $1",
    )
    .bind(changed.integration.0)
    .bind(changed.settings.comment.or_default())
    .bind(changed.settings.enabled)
    .bind(changed.settings.group.0)
    .bind(changed.settings.webhook_url.or_default())
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

pub(super) async fn removed(
    batch: &mut Batch<'_>,
    removed: &integration::Removed,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM integration WHERE uid = $1")
        .bind(removed.integration.0)
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}
