//! Reactions: one row each, and a summary in the message's row for clients.

use super::fact::MessageFact;
use crate::{batch::Batch, error::ProjectionError};
use chrono::{DateTime, Utc};
use domain::limits;
use events::{ContactId, MessageEvent, MessageId};
use protocol::{
    Jid,
    message::{MessageReaction, MessageReactionDetail},
};
use sqlx::{Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Sets and removes reactions, at most one event per message, and updates the summaries.
pub(super) async fn changed(
    batch: &mut Batch<'_>,
    events: &[MessageFact<'_, MessageEvent>],
) -> Result<(), ProjectionError> {
    let (mut set, mut removed) = (vec![], vec![]);
    for MessageFact { ctx, message, fact } in events {
        match fact {
            MessageEvent::ReactionSet(fact) => set.push((message.0, &fact.name, fact.contact.0, *ctx)),
            MessageEvent::ReactionRemoved(fact) => removed.push((message.0, &fact.name, fact.contact.0)),
            MessageEvent::Posted(_) | MessageEvent::Edited(_) | MessageEvent::Deleted(_) => {}
        }
    }
    if !set.is_empty() {
        sqlx::query(
            "INSERT INTO reaction (message, name, contact, since, created) \
             SELECT m.uid, n.name, n.contact, n.since, n.created \
             FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::timestamptz[]) \
                 AS n(message, name, contact, since, created) \
                 JOIN message m ON m.uid = n.message AND NOT m.deleted ON CONFLICT DO NOTHING",
        )
        .bind(set.iter().map(|(message, ..)| *message).collect::<Vec<_>>())
        .bind(set.iter().map(|(_, name, ..)| name.as_str()).collect::<Vec<_>>())
        .bind(set.iter().map(|(_, _, contact, _)| *contact).collect::<Vec<_>>())
        .bind(set.iter().map(|(.., ctx)| ctx.db_position()).collect::<Vec<_>>())
        .bind(set.iter().map(|(.., ctx)| ctx.meta.at).collect::<Vec<_>>())
        .execute(&mut *batch.db)
        .await?;
    }
    if !removed.is_empty() {
        sqlx::query(
            "DELETE FROM reaction r USING unnest($1::uuid[], $2::text[], $3::uuid[]) AS n(message, name, contact) \
             WHERE r.message = n.message AND r.name = n.name AND r.contact = n.contact",
        )
        .bind(removed.iter().map(|(message, ..)| *message).collect::<Vec<_>>())
        .bind(removed.iter().map(|(_, name, _)| name.as_str()).collect::<Vec<_>>())
        .bind(removed.iter().map(|(.., contact)| *contact).collect::<Vec<_>>())
        .execute(&mut *batch.db)
        .await?;
    }
    write_summaries(batch, events).await
}

/// Writes the current reactions into the messages' rows.
async fn write_summaries(
    batch: &mut Batch<'_>,
    events: &[MessageFact<'_, MessageEvent>],
) -> Result<(), ProjectionError> {
    let messages: Vec<Uuid> = events.iter().map(|event| event.message.0).collect();
    let mut reactions = load_reactions(batch, &messages).await?;
    let summary =
        |message: &Uuid| serde_json::to_value(reactions.remove(&MessageId(*message)).unwrap_or_default());
    let summaries = messages.iter().map(summary).collect::<Result<Vec<_>, _>>()?;
    sqlx::query(
        "UPDATE message m SET reactions = n.reactions, gentime = greatest(m.gentime + 1, n.gentime) \
         FROM unnest($1::uuid[], $2::jsonb[], $3::bigint[]) AS n(uid, reactions, gentime) WHERE m.uid = n.uid",
    )
    .bind(messages)
    .bind(summaries)
    .bind(events.iter().map(|event| event.ctx.gentime()).collect::<Vec<_>>())
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

/// The reactions of each message, as clients see them.
async fn load_reactions(
    batch: &mut Batch<'_>,
    messages: &[Uuid],
) -> Result<HashMap<MessageId, Vec<MessageReaction>>, ProjectionError> {
    let rows = sqlx::query(
        "SELECT * FROM (SELECT message, name, contact, created, since, count(*) OVER n AS total, \
             min(since) OVER n AS first, row_number() OVER (PARTITION BY message, name ORDER BY since) AS place \
             FROM reaction WHERE message = ANY($1) WINDOW n AS (PARTITION BY message, name)) r \
         WHERE place <= $2 ORDER BY message, first, name, since",
    )
    .bind(messages)
    .bind(limits::REACTION_DETAILS as i64)
    .fetch_all(&mut *batch.db)
    .await?;
    let mut reactions: HashMap<MessageId, Vec<MessageReaction>> = HashMap::new();
    for row in &rows {
        add(reactions.entry(MessageId(row.get("message"))).or_default(), row);
    }
    Ok(reactions)
}

fn add(reactions: &mut Vec<MessageReaction>, row: &PgRow) {
    let (name, created): (String, DateTime<Utc>) = (row.get("name"), row.get("created"));
    let sender = Jid::Direct(ContactId(row.get::<Uuid, _>("contact")));
    let detail = MessageReactionDetail { created: created.into(), name: name.clone(), sender };
    match reactions.last_mut().filter(|last| last.name == name) {
        Some(last) => last.details.push(detail),
        None => {
            let counter = u32::try_from(row.get::<i64, _>("total")).unwrap_or(u32::MAX);
            reactions.push(MessageReaction { counter, details: vec![detail], name });
        }
    }
}
