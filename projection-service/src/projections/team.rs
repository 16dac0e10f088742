//! Teams.

use super::notices;
use crate::batch::{Batch, EventContext};
use events::{TeamId, team};
use protocol::notice::{Audience, Notice, Scope};

pub(super) async fn created(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    created: &team::Created,
) -> Result<(), sqlx::Error> {
    let colour = batch.next_colour();
    sqlx::query(
        "INSERT INTO team (uid, name, colour, default_task_deadline, max_message_update_age, uploads_size_limit, \
             since, gentime) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(created.team.0)
    .bind(created.name.or_default())
    .bind(colour)
    .bind(&created.settings.default_task_deadline)
    .bind(created.settings.max_message_update_age.cast_signed())
    .bind(created.settings.uploads_size_limit.cast_signed())
    .bind(ctx.db_position())
    .bind(ctx.gentime())
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

pub(super) async fn changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    changed: &team::Changed,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE team SET name = $2, default_task_deadline = $3, max_message_update_age = $4, \
             uploads_size_limit = $5, gentime = greatest(gentime + 1, $6) WHERE uid = $1",
    )
    .bind(team.0)
    .bind(changed.name.or_default())
    .bind(&changed.settings.default_task_deadline)
    .bind(changed.settings.max_message_update_age.cast_signed())
    .bind(changed.settings.uploads_size_limit.cast_signed())
    .bind(ctx.gentime())
    .execute(&mut *batch.db)
    .await?;
    notices::team_updated(batch, ctx, team);
    Ok(())
}

pub(super) async fn archived(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
) -> Result<(), sqlx::Error> {
    let gentime: i64 = sqlx::query_scalar(
        "UPDATE team SET archived = true, gentime = greatest(gentime + 1, $2) WHERE uid = $1 RETURNING gentime",
    )
    .bind(team.0)
    .bind(ctx.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    batch.emit(ctx, Scope::Team(team), Audience::All, Notice::TeamDeleted { team, gentime });
    Ok(())
}
