//! Reminders. A row exists until the reminder fires or is removed; only its owner gets the notices.

use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use events::{ContactId, RemindEvent, RemindId, TeamId, remind::Set};
use protocol::notice::{Audience, Notice, ReminderRecord, Scope};
use read_model::remind::reminder;
use sqlx::Row;
use uuid::Uuid;

pub(super) async fn apply(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    remind: RemindId,
    event: &RemindEvent,
) -> Result<(), ProjectionError> {
    match event {
        RemindEvent::Set(set) => upsert(batch, ctx, set).await,
        RemindEvent::Fired(_) => delete(batch, ctx, remind, |remind| Notice::RemindFired { remind }).await,
        RemindEvent::Removed(_) => {
            delete(batch, ctx, remind, |deleted| Notice::RemindDeleted { remind: deleted.remind }).await
        }
    }
}

async fn upsert(batch: &mut Batch<'_>, ctx: EventContext<'_>, set: &Set) -> Result<(), ProjectionError> {
    let comment = set.comment.or_default();
    sqlx::query(
        "INSERT INTO remind (uid, team, contact, chat, chat_ref, fire_at, comment) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (uid) DO UPDATE \
         SET chat = excluded.chat, chat_ref = excluded.chat_ref, fire_at = excluded.fire_at, comment = excluded.comment",
    )
    .bind(set.remind.0)
    .bind(set.team.0)
    .bind(set.contact.0)
    .bind(set.chat.key().0)
    .bind(serde_json::to_value(set.chat)?)
    .bind(set.fire_at)
    .bind(&comment)
    .execute(&mut *batch.db)
    .await?;
    let remind = ReminderRecord { remind: set.remind, chat: set.chat, fire_at: set.fire_at, comment };
    let audience = Audience::Contacts(vec![set.contact]);
    batch.emit(ctx, Scope::Team(set.team), audience, Notice::RemindUpdated { remind });
    Ok(())
}

/// Deletes a reminder and emits the notice that `notice` makes of it.
async fn delete(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    remind: RemindId,
    notice: impl FnOnce(ReminderRecord) -> Notice,
) -> Result<(), ProjectionError> {
    let row = sqlx::query("DELETE FROM remind WHERE uid = $1 RETURNING *")
        .bind(remind.0)
        .fetch_optional(&mut *batch.db)
        .await?;
    let dangling = || ProjectionError::DanglingReference(ctx.position);
    let row = row.ok_or_else(dangling)?;
    let known = reminder(&row).map_err(|_| dangling())?;
    let (team, contact) = (TeamId(row.get::<Uuid, _>("team")), ContactId(row.get::<Uuid, _>("contact")));
    batch.emit(ctx, Scope::Team(team), Audience::Contacts(vec![contact]), notice(known));
    Ok(())
}
