//! Files. A stored file counts for the team's storage and for its month.

use super::totals;
use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use events::{ContactId, TeamId, upload};
use sqlx::Row;

pub(super) async fn stored(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    stored: &upload::Stored,
) -> Result<(), sqlx::Error> {
    let bytes = stored.bytes().cast_signed();
    sqlx::query(
        "INSERT INTO upload (uid, team, owner, blob, name, size, stored, content_type, kind, animated, width, \
             height, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(stored.upload.0)
    .bind(stored.team.0)
    .bind(stored.owner.0)
    .bind(stored.blob.0)
    .bind(stored.name.or_default())
    .bind(stored.size.cast_signed())
    .bind(bytes)
    .bind(&stored.content_type)
    .bind(stored.kind.word())
    .bind(stored.animated)
    .bind(stored.preview.map(|preview| preview.width.cast_signed()))
    .bind(stored.preview.map(|preview| preview.height.cast_signed()))
    .bind(ctx.meta.at)
    .execute(&mut *batch.db)
    .await?;
    totals::count_bytes(batch, ctx, stored.team, bytes, bytes).await
}

/// Returns the owner of the file.
pub(super) async fn removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    removed: &upload::Removed,
) -> Result<ContactId, ProjectionError> {
    let gone = sqlx::query("DELETE FROM upload WHERE uid = $1 RETURNING stored, owner")
        .bind(removed.upload.0)
        .fetch_optional(&mut *batch.db)
        .await?;
    let gone = gone.ok_or(ProjectionError::DanglingReference(ctx.position))?;
    let bytes: i64 = gone.get("stored");
    sqlx::query("DELETE FROM attachment WHERE upload = $1")
        .bind(removed.upload.0)
        .execute(&mut *batch.db)
        .await?;
    totals::count_bytes(batch, ctx, team, -bytes, 0).await?;
    Ok(ContactId(gone.get("owner")))
}
