//! Replied and forwarded messages, loaded for the messages of an answer.

use super::{COLUMNS, Messages, content_type, json, neutral};
use crate::Result;
use events::{ContactId, IntegrationId, MessageId, MessageKey, TeamId, chat::ChatRef, message::Author};
use protocol::message::MessageRecord;
use sqlx::{Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

impl Messages<'_> {
    /// Fills in what messages answer and forward. Nothing is asked when they do neither.
    pub async fn resolve_references(self, messages: &mut [MessageRecord]) -> Result<()> {
        let answered = |one: &MessageRecord| Some(MessageKey { team: one.team, message: one.reply_to? });
        let replied: Vec<MessageKey> = messages.iter().filter_map(answered).collect();
        if !replied.is_empty() {
            let replied = self.replied(replied).await?;
            for message in &mut *messages {
                message.replied = answered(message).and_then(|key| replied.get(&key)).cloned().map(Box::new);
            }
        }
        let bearers: HashMap<MessageKey, usize> = messages
            .iter()
            .enumerate()
            .filter(|(_, message)| !message.linked_messages.is_empty())
            .map(|(index, message)| (message.key(), index))
            .collect();
        if bearers.is_empty() {
            return Ok(());
        }
        let rows = sqlx::query(
            "SELECT f.* FROM unnest($1::uuid[], $2::uuid[]) AS n(uid, team) \
             JOIN forward f ON f.message = n.uid AND f.team = n.team ORDER BY f.message, f.team, f.place",
        )
        .bind(bearers.keys().map(|key| key.message.0).collect::<Vec<_>>())
        .bind(bearers.keys().map(|key| key.team.0).collect::<Vec<_>>())
        .fetch_all(&self.0.pool)
        .await?;
        for row in &rows {
            let key = MessageKey { team: TeamId(row.get("team")), message: MessageId(row.get("message")) };
            if let Some(index) = bearers.get(&key) {
                let bearer = &messages[*index];
                let forward = forward(row, (bearer.team, bearer.chat, bearer.gentime))?;
                messages[*index].forwarded.push(forward);
            }
        }
        Ok(())
    }

    async fn replied(self, keys: Vec<MessageKey>) -> Result<HashMap<MessageKey, MessageRecord>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[])) AS n(uid, team) \
             JOIN message m ON m.uid = n.uid AND m.team = n.team JOIN chat c ON c.key = m.chat"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(keys.iter().map(|key| key.message.0).collect::<Vec<_>>())
            .bind(keys.iter().map(|key| key.team.0).collect::<Vec<_>>())
            .fetch_all(&self.0.pool)
            .await?;
        rows.iter().map(|row| neutral(row).map(|message| (message.key(), message))).collect()
    }
}

/// A row of `forward`, with the chat and version of the message that forwards it.
pub(crate) fn forward(row: &PgRow, (team, chat, gentime): (TeamId, ChatRef, i64)) -> Result<MessageRecord> {
    let author: Uuid = row.get("author");
    let author = match row.get("by_integration") {
        true => Author::Integration(IntegrationId(author)),
        false => Author::Contact(ContactId(author)),
    };
    let key = MessageKey { team, message: MessageId(row.get("source")) };
    Ok(MessageRecord {
        kind: content_type(row, "kind")?,
        uploads: json(row, "uploads")?,
        links: json(row, "links")?,
        gentime,
        ..MessageRecord::plain(key, chat, author, row.get("body"), row.get("created"))
    })
}
