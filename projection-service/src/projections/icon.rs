//! Pictures of teams and contacts. A team's current picture counts for its storage, and each new one for its month. Pictures
//! of contacts do not count, because a contact has at most one.

use super::{notices, totals};
use crate::batch::{Batch, EventContext};
use events::{ContactId, TeamId, icon};

pub(super) async fn changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    icon: &icon::Changed,
) -> Result<(), sqlx::Error> {
    set(batch, ctx, team, Some(icon)).await
}

pub(super) async fn removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
) -> Result<(), sqlx::Error> {
    set(batch, ctx, team, None).await
}

/// Sets the picture of a contact; `None` restores the generated one.
pub(super) async fn of_contact(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    (contact, icon): (ContactId, Option<&icon::Changed>),
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE contact SET icon_blob = $2, icon_width = $3, icon_height = $4, gentime = greatest(gentime + 1, $5) \
         WHERE uid = $1",
    )
    .bind(contact.0)
    .bind(icon.map(|icon| icon.blob.0))
    .bind(icon.map(|icon| icon.lg_width.cast_signed()))
    .bind(icon.map(|icon| icon.lg_height.cast_signed()))
    .bind(ctx.gentime())
    .execute(&mut *batch.db)
    .await?;
    notices::contacts_updated(batch, ctx, team, vec![contact]);
    Ok(())
}

async fn set(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    icon: Option<&icon::Changed>,
) -> Result<(), sqlx::Error> {
    let size = icon.map_or(0, |icon| icon.size.cast_signed());
    let before: i64 = sqlx::query_scalar("SELECT icon_size FROM team WHERE uid = $1")
        .bind(team.0)
        .fetch_one(&mut *batch.db)
        .await?;
    sqlx::query(
        "UPDATE team SET icon_blob = $2, icon_width = $3, icon_height = $4, icon_size = $5, \
             gentime = greatest(gentime + 1, $6) WHERE uid = $1",
    )
    .bind(team.0)
    .bind(icon.map(|icon| icon.blob.0))
    .bind(icon.map(|icon| icon.lg_width.cast_signed()))
    .bind(icon.map(|icon| icon.lg_height.cast_signed()))
    .bind(size)
    .bind(ctx.gentime())
    .execute(&mut *batch.db)
    .await?;
    totals::count_bytes(batch, ctx, team, size - before, size).await?;
    notices::team_updated(batch, ctx, team);
    Ok(())
}
