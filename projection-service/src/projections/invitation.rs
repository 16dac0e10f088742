//! Invitations. A row exists until the invitation is revoked or its maker loses the right to invite; `domain::team` has the
//! rules.

use crate::batch::{Batch, EventContext};
use chrono::TimeDelta;
use domain::{
    limits::INVITATION_DAYS,
    policy::{Action, may},
};
use events::{ContactId, TeamId, invitation, value::ContactStatus};
use sqlx::Row;

pub(super) async fn created(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    created: &invitation::Created,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO invitation (uid, team, token_hash, token_sealed, maker, expires, max_uses, created, since) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(created.invitation.0)
    .bind(team.0)
    .bind(&created.token_hash)
    .bind(&created.token_sealed)
    .bind(created.by.map(|maker| maker.0))
    .bind(created.expires.unwrap_or_else(|| ctx.meta.at + TimeDelta::days(INVITATION_DAYS.into())))
    .bind(created.max_uses.map(u32::cast_signed))
    .bind(ctx.meta.at)
    .bind(ctx.db_position())
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

pub(super) async fn used(batch: &mut Batch<'_>, used: &invitation::Used) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE invitation SET uses = uses + 1 WHERE uid = $1")
        .bind(used.invitation.0)
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}

/// Whether a contact is in the team and may invite.
pub(super) async fn may_invite(batch: &mut Batch<'_>, contact: ContactId) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("SELECT status, inviting, archived FROM contact WHERE uid = $1")
        .bind(contact.0)
        .fetch_optional(&mut *batch.db)
        .await?;
    Ok(row.is_some_and(|row| {
        let status = ContactStatus::from_word(row.get("status"));
        let allowed = status.is_some_and(|status| may(status, Action::AddToTeam)) || row.get("inviting");
        allowed && !row.get::<bool, _>("archived")
    }))
}

/// Deletes the invitations of a maker that may not invite any more, and those whose maker is unknown.
pub(super) async fn revoke_all_of(
    batch: &mut Batch<'_>,
    team: TeamId,
    maker: ContactId,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM invitation WHERE team = $1 AND (maker = $2 OR maker IS NULL)")
        .bind(team.0)
        .bind(maker.0)
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}
