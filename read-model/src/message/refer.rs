//! What messages answer and forward, looked up for those that are shown.

use super::{COLUMNS, Messages, content_type, json, neutral};
use crate::Result;
use events::{ContactId, IntegrationId, MessageId, TeamId, chat::ChatRef, message::Author};
use protocol::message::MessageRecord;
use sqlx::{Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

impl Messages<'_> {
    /// Fills in what messages answer and forward. Nothing is asked when they do neither.
    pub async fn resolve_references(self, messages: &mut [MessageRecord]) -> Result<()> {
        let replied: Vec<Uuid> = messages.iter().filter_map(|one| one.reply_to).map(|id| id.0).collect();
        if !replied.is_empty() {
            let replied = self.replied(replied).await?;
            for message in &mut *messages {
                message.replied =
                    message.reply_to.and_then(|id| replied.get(&id)).map(|known| Box::new(known.clone()));
            }
        }
        let bearers: HashMap<Uuid, usize> = messages
            .iter()
            .enumerate()
            .filter(|(_, message)| !message.linked_messages.is_empty())
            .map(|(index, message)| (message.id.0, index))
            .collect();
        if bearers.is_empty() {
            return Ok(());
        }
        let rows = sqlx::query("SELECT * FROM forward WHERE message = ANY($1) ORDER BY message, place")
            .bind(bearers.keys().copied().collect::<Vec<_>>())
            .fetch_all(&self.0.pool)
            .await?;
        for row in &rows {
            if let Some(index) = bearers.get(&row.get::<Uuid, _>("message")) {
                let bearer = &messages[*index];
                let forward = forward(row, (bearer.team, bearer.chat, bearer.gentime))?;
                messages[*index].forwarded.push(forward);
            }
        }
        Ok(())
    }

    async fn replied(self, ids: Vec<Uuid>) -> Result<HashMap<MessageId, MessageRecord>> {
        let sql =
            format!("SELECT {COLUMNS} FROM message m JOIN chat c ON c.key = m.chat WHERE m.uid = ANY($1)");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(ids).fetch_all(&self.0.pool).await?;
        rows.iter().map(|row| neutral(row).map(|message| (message.id, message))).collect()
    }
}

/// A row of `forward`, standing where its bearer stands and with the bearer's version.
pub(crate) fn forward(row: &PgRow, (team, chat, gentime): (TeamId, ChatRef, i64)) -> Result<MessageRecord> {
    let author: Uuid = row.get("author");
    let created = row.get("created");
    Ok(MessageRecord {
        id: MessageId(row.get("source")),
        team,
        chat,
        author: match row.get("by_integration") {
            true => Author::Integration(IntegrationId(author)),
            false => Author::Contact(ContactId(author)),
        },
        kind: content_type(row, "kind")?,
        text: row.get("body"),
        change: None,
        important: false,
        nopreview: false,
        silently: false,
        reply_to: None,
        linked_messages: vec![],
        uploads: json(row, "uploads")?,
        replied: None,
        forwarded: vec![],
        links: json(row, "links")?,
        mentioned: vec![],
        reactions: vec![],
        created,
        edited: None,
        editable_until: created,
        gentime,
        num: 0,
        index: None,
        prev: None,
        is_last: false,
        received: 0,
        chat_gentime: 0,
    })
}
