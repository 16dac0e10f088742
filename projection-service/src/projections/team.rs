//! Teams.

use super::{contact, task};
use crate::batch::{Batch, EventContext};
use events::{AccountId, TeamId, team};
use protocol::notice::{Audience, Notice, Scope};
use uuid::Uuid;

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
    contact::bots(batch, ctx, created.team).await
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
    updated(batch, ctx, team);
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
    task::team_archived(batch, team).await?;
    let gone = || Notice::TeamDeleted { team, gentime };
    batch.emit(ctx, Scope::Team(team), Audience::All, gone());
    Ok(())
}

/// Tells the team's sockets that it has changed.
pub(super) fn updated(batch: &mut Batch<'_>, ctx: EventContext<'_>, team: TeamId) {
    batch.emit(ctx, Scope::Team(team), Audience::All, Notice::TeamUpdated { team });
}

/// Tells one account, on whatever team's socket, of its place in a team.
pub(super) fn updated_for(batch: &mut Batch<'_>, ctx: EventContext<'_>, team: TeamId, account: AccountId) {
    batch.emit(ctx, Scope::Account(account), Audience::All, Notice::TeamUpdated { team });
}

/// Changes what is stored by a team and when it came.
pub(super) async fn count_bytes(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: Uuid,
    now_stored: i64,
    added: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE team SET uploads_size = greatest(uploads_size + $2, 0) WHERE uid = $1")
        .bind(team)
        .bind(now_stored)
        .execute(&mut *batch.db)
        .await?;
    if added > 0 {
        sqlx::query(
            "INSERT INTO usage AS u (team, year, month, size) \
             VALUES ($1, extract(year FROM $2::timestamptz AT TIME ZONE 'UTC')::int, \
                     extract(month FROM $2::timestamptz AT TIME ZONE 'UTC')::int, $3) \
             ON CONFLICT (team, year, month) DO UPDATE SET size = u.size + excluded.size",
        )
        .bind(team)
        .bind(ctx.meta.at)
        .bind(added)
        .execute(&mut *batch.db)
        .await?;
    }
    Ok(())
}
