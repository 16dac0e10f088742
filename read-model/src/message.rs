//! Messages: rows ↔ their neutral form.

use crate::{QueryError, ReadModel, Result};
use chrono::{DateTime, Utc};
use events::{ChatKey, ContactId, IntegrationId, MessageId, TeamId, chat::ChatRef, message::Author};
use protocol::message::NeutralMessage;
use serde::de::DeserializeOwned;
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// A message with what its chat adds; `m` and `c` are the two tables.
pub const COLUMNS: &str = "m.uid, m.team, m.num, m.prev, m.author, m.by_integration, m.body, m.important, m.nopreview, \
    m.reply_to, m.linked, m.uploads, m.links, m.mentioned, m.created, m.edited, m.editable_until, m.deleted, m.gentime, \
    c.key, c.kind, c.low, c.high, c.last_num";

impl ReadModel {
    /// A message of a team.
    ///
    /// # Errors
    /// The database failed.
    pub async fn message(&self, team: TeamId, message: MessageId) -> Result<Option<NeutralMessage>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM read.message m JOIN read.chat c ON c.key = m.chat WHERE m.uid = $1 AND m.team = $2"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(message.0)
            .bind(team.0)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(neutral).transpose()
    }

    /// The newest message of a chat.
    ///
    /// # Errors
    /// The database failed.
    pub async fn newest_message(&self, chat: ChatKey) -> Result<Option<MessageId>> {
        let newest: Option<Option<Uuid>> =
            sqlx::query_scalar("SELECT last_message FROM read.chat WHERE key = $1")
                .bind(chat.0)
                .fetch_optional(&self.pool)
                .await?;
        Ok(newest.flatten().map(MessageId))
    }

    /// Whether a message belongs to a chat.
    ///
    /// # Errors
    /// The database failed.
    pub async fn message_is_of(&self, message: MessageId, chat: ChatKey) -> Result<bool> {
        Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM read.message WHERE uid = $1 AND chat = $2)")
            .bind(message.0)
            .bind(chat.0)
            .fetch_one(&self.pool)
            .await?)
    }
}

/// A row with [`COLUMNS`].
///
/// # Errors
/// The row cannot have been written by the projection.
pub fn neutral(row: &PgRow) -> Result<NeutralMessage> {
    let author: Uuid = row.get("author");
    let num: i64 = row.get("num");
    Ok(NeutralMessage {
        id: MessageId(row.get("uid")),
        team: TeamId(row.get("team")),
        chat: chat_ref(row)?,
        author: match row.get("by_integration") {
            true => Author::Integration(IntegrationId(author)),
            false => Author::Contact(ContactId(author)),
        },
        text: row.get("body"),
        deleted: row.get("deleted"),
        important: row.get("important"),
        nopreview: row.get("nopreview"),
        reply_to: row.get::<Option<Uuid>, _>("reply_to").map(MessageId),
        linked_messages: json(row, "linked")?,
        uploads: json(row, "uploads")?,
        links: json(row, "links")?,
        mentioned: json(row, "mentioned")?,
        created: row.get("created"),
        edited: row.get::<Option<DateTime<Utc>>, _>("edited"),
        editable_until: row.get("editable_until"),
        gentime: row.get("gentime"),
        num,
        prev: row.get::<Option<Uuid>, _>("prev").map(MessageId),
        is_last: num == row.get::<i64, _>("last_num"),
    })
}

fn json<T: DeserializeOwned>(row: &PgRow, column: &'static str) -> Result<Vec<T>> {
    serde_json::from_value(row.get(column)).map_err(|_| QueryError::Damaged(column))
}

/// The conversation of a row with `key`, `kind`, `low`, `high`.
///
/// # Errors
/// The row cannot have been written by the projection.
pub fn chat_ref(row: &PgRow) -> Result<ChatRef> {
    let damaged = || QueryError::Damaged("chat.low");
    match row.get::<&str, _>("kind") {
        "direct" => {
            let side = |name| row.get::<Option<Uuid>, _>(name).map(ContactId).ok_or_else(damaged);
            Ok(ChatRef::direct(side("low")?, side("high")?))
        }
        "task" => Ok(ChatRef::Task(row.get::<Uuid, _>("key").into())),
        _ => Ok(ChatRef::Group(row.get::<Uuid, _>("key").into())),
    }
}
