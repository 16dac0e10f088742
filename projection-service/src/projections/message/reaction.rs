//! Reactions: who set which, and how clients see them.

use crate::{
    batch::{At, Batch},
    projector::ProjectionError,
};
use chrono::{DateTime, Utc};
use domain::limits;
use events::{
    ContactId, MessageId,
    message::{ReactionRemoved, ReactionSet},
};
use protocol::{
    Jid,
    message::{MessageReaction, MessageReactionDetail},
};
use sqlx::Row;
use uuid::Uuid;

pub(in super::super) async fn set(
    batch: &mut Batch<'_>,
    at: At<'_>,
    message: MessageId,
    set: &ReactionSet,
) -> Result<(), ProjectionError> {
    sqlx::query(
        "INSERT INTO reaction (message, name, contact, since, created) \
         SELECT uid, $2, $3, $4, $5 FROM message WHERE uid = $1 AND NOT deleted ON CONFLICT DO NOTHING",
    )
    .bind(message.0)
    .bind(&set.name)
    .bind(set.contact.0)
    .bind(at.row())
    .bind(at.meta.at)
    .execute(&mut *batch.db)
    .await?;
    changed(batch, at, message).await
}

pub(in super::super) async fn removed(
    batch: &mut Batch<'_>,
    at: At<'_>,
    message: MessageId,
    removed: &ReactionRemoved,
) -> Result<(), ProjectionError> {
    sqlx::query("DELETE FROM reaction WHERE message = $1 AND name = $2 AND contact = $3")
        .bind(message.0)
        .bind(&removed.name)
        .bind(removed.contact.0)
        .execute(&mut *batch.db)
        .await?;
    changed(batch, at, message).await
}

/// Shows the reactions as they are now.
async fn changed(batch: &mut Batch<'_>, at: At<'_>, message: MessageId) -> Result<(), ProjectionError> {
    let reactions = reactions(batch, message).await?;
    sqlx::query("UPDATE message SET reactions = $2, gentime = greatest(gentime + 1, $3) WHERE uid = $1")
        .bind(message.0)
        .bind(serde_json::to_value(&reactions)?)
        .bind(at.gentime())
        .execute(&mut *batch.db)
        .await?;
    super::tell_changed(batch, at, message).await
}

async fn reactions(
    batch: &mut Batch<'_>,
    message: MessageId,
) -> Result<Vec<MessageReaction>, ProjectionError> {
    let rows = sqlx::query(
        "SELECT * FROM (SELECT name, contact, created, since, count(*) OVER n AS total, min(since) OVER n AS first, \
             row_number() OVER (PARTITION BY name ORDER BY since) AS place \
             FROM reaction WHERE message = $1 WINDOW n AS (PARTITION BY name)) r \
         WHERE place <= $2 ORDER BY first, name, since",
    )
    .bind(message.0)
    .bind(limits::REACTION_DETAILS as i64)
    .fetch_all(&mut *batch.db)
    .await?;
    let mut reactions: Vec<MessageReaction> = vec![];
    for row in &rows {
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
    Ok(reactions)
}
