//! Reactions: one row each, and a summary in the message's row for clients.

use super::fact::MessageFact;
use crate::{batch::Batch, error::ProjectionError};
use chrono::{DateTime, Utc};
use domain::limits;
use events::{ContactId, MessageEvent, MessageId, MessageKey, TeamId};
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
            MessageEvent::ReactionSet(fact) => set.push((message, &fact.name, fact.contact.0, *ctx)),
            MessageEvent::ReactionRemoved(fact) => removed.push((message, &fact.name, fact.contact.0)),
            MessageEvent::Posted(_) | MessageEvent::Edited(_) | MessageEvent::Deleted(_) => {}
        }
    }
    if !set.is_empty() {
        sqlx::query(
            "INSERT INTO reaction (message, team, name, contact, since, created) \
             SELECT m.uid, m.team, n.name, n.contact, n.since, n.created \
             FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::bigint[], $6::timestamptz[]) \
                 AS n(message, team, name, contact, since, created) \
                 JOIN message m ON m.uid = n.message AND m.team = n.team AND NOT m.deleted ON CONFLICT DO NOTHING",
        )
        .bind(set.iter().map(|(key, ..)| key.message.0).collect::<Vec<_>>())
        .bind(set.iter().map(|(key, ..)| key.team.0).collect::<Vec<_>>())
        .bind(set.iter().map(|(_, name, ..)| name.as_str()).collect::<Vec<_>>())
        .bind(set.iter().map(|(_, _, contact, _)| *contact).collect::<Vec<_>>())
        .bind(set.iter().map(|(.., ctx)| ctx.db_position()).collect::<Vec<_>>())
        .bind(set.iter().map(|(.., ctx)| ctx.meta.at).collect::<Vec<_>>())
        .execute(&mut *batch.db)
        .await?;
    }
    if !removed.is_empty() {
        sqlx::query(
            "DELETE FROM reaction r \
             USING unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) AS n(message, team, name, contact) \
             WHERE r.message = n.message AND r.team = n.team AND r.name = n.name AND r.contact = n.contact",
        )
        .bind(removed.iter().map(|(key, ..)| key.message.0).collect::<Vec<_>>())
        .bind(removed.iter().map(|(key, ..)| key.team.0).collect::<Vec<_>>())
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
    let messages: Vec<Uuid> = events.iter().map(|event| event.message.message.0).collect();
    let teams: Vec<Uuid> = events.iter().map(|event| event.message.team.0).collect();
    let mut reactions = load_reactions(batch, &messages, &teams).await?;
    let summaries = events.iter().map(|event| reactions.remove(&event.message).unwrap_or_default());
    let summaries = summaries.map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
    sqlx::query(
        "UPDATE message m SET reactions = n.reactions, gentime = greatest(m.gentime + 1, n.gentime) \
         FROM unnest($1::uuid[], $2::uuid[], $3::jsonb[], $4::bigint[]) AS n(uid, team, reactions, gentime) \
         WHERE m.uid = n.uid AND m.team = n.team",
    )
    .bind(messages)
    .bind(teams)
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
    teams: &[Uuid],
) -> Result<HashMap<MessageKey, Vec<MessageReaction>>, ProjectionError> {
    let rows = sqlx::query(
        "SELECT * FROM (SELECT r.message, r.team, r.name, r.contact, r.created, r.since, count(*) OVER n AS total, \
             min(r.since) OVER n AS first, row_number() OVER (n ORDER BY r.since) AS place \
             FROM unnest($1::uuid[], $2::uuid[]) AS m(uid, team) \
                 JOIN reaction r ON r.message = m.uid AND r.team = m.team \
             WINDOW n AS (PARTITION BY r.message, r.team, r.name)) r \
         WHERE place <= $3 ORDER BY message, team, first, name, since",
    )
    .bind(messages)
    .bind(teams)
    .bind(limits::REACTION_DETAILS as i64)
    .fetch_all(&mut *batch.db)
    .await?;
    let mut reactions: HashMap<MessageKey, Vec<MessageReaction>> = HashMap::new();
    for row in &rows {
        let key = MessageKey { team: TeamId(row.get("team")), message: MessageId(row.get("message")) };
        add(reactions.entry(key).or_default(), row);
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
