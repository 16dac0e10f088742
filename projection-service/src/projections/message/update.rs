//! Events about existing messages: edits, deletions, reactions.

use super::{deletion, fact::MessageFact, links, reaction};
use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
    projections::{
        insert_message::{Links, json},
        message_key::MessageKeys,
        notices::chat_audience,
    },
};
use events::{Event, MessageEvent, MessageKey, Recorded, message::Edited};
use protocol::notice::{Notice, Scope};
use read_model::message::{COLUMNS, neutral};
use sqlx::AssertSqlSafe;

/// Applies events about messages, at most one per message. Several at once only if no notices are wanted.
pub(in super::super) async fn changed(
    batch: &mut Batch<'_>,
    run: &[&Recorded<Event>],
) -> Result<(), ProjectionError> {
    let (mut edits, mut deletions, mut reactions) = (vec![], vec![], vec![]);
    let mut changed = Vec::with_capacity(run.len());
    let keys = MessageKeys::of(batch.db, run.iter().copied()).await?;
    for recorded in run {
        let (ctx, message) = (EventContext::of(recorded), keys.key(recorded));
        let message = message.ok_or(ProjectionError::DanglingReference(ctx.position))?;
        changed.push((ctx, message));
        match &recorded.event {
            Event::MessageEvent(MessageEvent::Edited(fact)) => edits.push(MessageFact { ctx, message, fact }),
            Event::MessageEvent(MessageEvent::Deleted(fact)) => {
                deletions.push(MessageFact { ctx, message, fact })
            }
            Event::MessageEvent(fact) => reactions.push(MessageFact { ctx, message, fact }),
            _ => {}
        }
    }
    if !edits.is_empty() {
        edited(batch, &edits).await?;
    }
    if !reactions.is_empty() {
        reaction::changed(batch, &reactions).await?;
    }
    if !deletions.is_empty() {
        deletion::deleted(batch, &deletions).await?;
    }
    for (ctx, message) in changed {
        emit_updated(batch, ctx, message).await?;
    }
    Ok(())
}

/// Emits the message as it is now, and remembers in `retold` that the feed has it, for a later deletion.
async fn emit_updated(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    key: MessageKey,
) -> Result<(), ProjectionError> {
    if !batch.wants_notices(ctx) {
        return Ok(());
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM message m JOIN chat c ON c.key = m.chat WHERE m.uid = $1 AND m.team = $2"
    );
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(key.message.0)
        .bind(key.team.0)
        .fetch_optional(&mut *batch.db)
        .await?;
    let dangling = || ProjectionError::DanglingReference(ctx.position);
    let message = row.as_ref().and_then(|row| neutral(row).ok()).ok_or_else(dangling)?;
    if !message.is_deleted() {
        sqlx::query(
            "INSERT INTO retold (message, team, position) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(key.message.0)
        .bind(key.team.0)
        .bind(ctx.db_position())
        .execute(&mut *batch.db)
        .await?;
    }
    let (scope, audience) = (Scope::Team(message.team), chat_audience(message.chat));
    batch.emit(ctx, scope, audience, Notice::MessageUpdated { message: Box::new(message), delayed: true });
    Ok(())
}

async fn edited(batch: &mut Batch<'_>, edits: &[MessageFact<'_, Edited>]) -> Result<(), ProjectionError> {
    let mut links: Vec<Links> = Vec::with_capacity(edits.len());
    for MessageFact { message, fact, .. } in edits {
        links.push(links::links_in(batch, message.team, &fact.text.or_default()).await?);
    }
    sqlx::query(
        "UPDATE message m SET body = n.body, important = n.important, nopreview = n.nopreview, links = n.links, \
             mentioned = n.mentioned, edited = n.edited, gentime = greatest(m.gentime + 1, n.gentime) \
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bool[], $5::bool[], $6::jsonb[], $7::jsonb[], \
             $8::timestamptz[], $9::bigint[]) \
             AS n(uid, team, body, important, nopreview, links, mentioned, edited, gentime) \
         WHERE m.uid = n.uid AND m.team = n.team AND NOT m.deleted",
    )
    .bind(edits.iter().map(|edit| edit.message.message.0).collect::<Vec<_>>())
    .bind(edits.iter().map(|edit| edit.message.team.0).collect::<Vec<_>>())
    .bind(edits.iter().map(|edit| edit.fact.text.or_default()).collect::<Vec<_>>())
    .bind(edits.iter().map(|edit| edit.fact.important).collect::<Vec<_>>())
    .bind(edits.iter().map(|edit| edit.fact.nopreview).collect::<Vec<_>>())
    .bind(json(links.iter().map(|links| &links.links))?)
    .bind(json(links.iter().map(|links| &links.mentioned))?)
    .bind(edits.iter().map(|edit| edit.ctx.meta.at).collect::<Vec<_>>())
    .bind(edits.iter().map(|edit| edit.ctx.gentime()).collect::<Vec<_>>())
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}
