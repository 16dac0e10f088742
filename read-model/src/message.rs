//! Messages: rows ↔ their neutral form, and which of them a contact may see.

mod list;
mod refer;
mod withdrawn;

pub use list::{Cursor, Filter, Window};
pub(crate) use refer::forward;

use crate::{QueryError, ReadModel, Result, rights::TeamMember};
use chrono::{DateTime, Utc};
use events::{ChatKey, ContactId, IntegrationId, MessageId, TeamId, chat::ChatRef, message::Author};
use protocol::message::{ContentType, MessageRecord};
use serde::de::DeserializeOwned;
use sqlx::{Row, postgres::PgRow};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A message with what its chat adds; `m` and `c` are the two tables.
pub const COLUMNS: &str = "m.uid, m.team, m.num, m.prev, m.author, m.by_integration, m.kind AS content, m.body, \
    m.change, m.important, m.nopreview, m.silently, m.reply_to, m.linked, m.uploads, m.links, m.mentioned, m.reactions, m.created, \
    m.edited, m.editable_until, m.deleted, m.gentime, c.key, c.kind, c.low, c.high, c.last_num, \
    c.gentime AS chat_gentime, \
    CASE WHEN m.deleted THEN NULL WHEN c.deletions = 0 THEN m.num - 1 ELSE m.num - 1 - (SELECT count(*) FROM \
        message d WHERE d.chat = m.chat AND d.deleted AND d.num < m.num) END AS index, \
    (SELECT count(*) FROM (SELECT 1 FROM reading r WHERE r.chat = m.chat AND r.num >= m.num \
        AND r.contact <> m.author LIMIT 100) seen) AS received";

/// Whether the contact `$2` of the team `$1` may read the chat `c`: as [`crate::chat::Chats::access`] has it. What was said with
/// somebody who has left the team stays readable.
pub(crate) const VISIBLE: &str = "c.team = $1 AND CASE WHEN c.kind = 'direct' \
    THEN $2 IN (c.low, c.high) ELSE NOT c.archived AND EXISTS (SELECT 1 FROM member b WHERE b.chat = c.key AND b.contact = $2) END";

/// Messages of a team that a member may see.
#[derive(Clone, Copy, Debug)]
pub struct Messages<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Messages of a team that a member may see.
    pub fn messages(&self) -> Messages<'_> {
        Messages(self)
    }
}

impl Messages<'_> {
    /// A message of a team.
    pub async fn find(self, member: &TeamMember, message: MessageId) -> Result<Option<MessageRecord>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM message m JOIN chat c ON c.key = m.chat WHERE m.uid = $1 AND m.team = $2"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(message.0)
            .bind(member.team.0)
            .fetch_optional(&self.0.pool)
            .await?;
        row.as_ref().map(neutral).transpose()
    }

    /// A message as a contact sees it, with what it answers and forwards.
    pub async fn find_complete(
        self,
        member: &TeamMember,
        message: MessageId,
    ) -> Result<Option<MessageRecord>> {
        let Some(mut found) = self.find(member, message).await? else { return Ok(None) };
        self.resolve_references(std::slice::from_mut(&mut found)).await?;
        Ok(Some(found))
    }

    /// Those of the given messages that a contact may see, with their chats; unordered.
    ///
    /// # Errors
    /// The database failed; or some are missing, and may yet come.
    pub async fn visible_among(
        self,
        member: &TeamMember,
        messages: &[MessageId],
    ) -> Result<Vec<(MessageId, ChatKey)>> {
        if messages.is_empty() {
            return Ok(vec![]);
        }
        let sql = format!(
            "SELECT m.uid, m.chat FROM message m JOIN chat c ON c.key = m.chat \
             WHERE m.uid = ANY($3) AND m.team = $1 AND {VISIBLE}"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(member.team.0)
            .bind(member.contact.0)
            .bind(messages.iter().map(|id| id.0).collect::<Vec<_>>())
            .fetch_all(&self.0.pool)
            .await?;
        if rows.len() < messages.len() {
            self.0.ensure_complete().await?;
        }
        Ok(rows.iter().map(|row| (MessageId(row.get("uid")), ChatKey(row.get("chat")))).collect())
    }

    /// The deleted ones among these messages of a team.
    pub async fn deleted_among(self, member: &TeamMember, messages: &[MessageId]) -> Result<Vec<MessageId>> {
        if messages.is_empty() {
            return Ok(vec![]);
        }
        let deleted: Vec<Uuid> =
            sqlx::query_scalar("SELECT uid FROM message WHERE team = $1 AND uid = ANY($2) AND deleted")
                .bind(member.team.0)
                .bind(messages.iter().map(|id| id.0).collect::<Vec<_>>())
                .fetch_all(&self.0.pool)
                .await?;
        Ok(deleted.into_iter().map(MessageId).collect())
    }

    /// The newest message of a chat of the member's team.
    pub async fn newest_in(self, member: &TeamMember, chat: ChatKey) -> Result<Option<MessageId>> {
        let newest: Option<Option<Uuid>> =
            sqlx::query_scalar("SELECT last_message FROM chat WHERE key = $1 AND team = $2")
                .bind(chat.0)
                .bind(member.team.0)
                .fetch_optional(&self.0.pool)
                .await?;
        Ok(newest.flatten().map(MessageId))
    }

    /// Whether a message belongs to a chat of the member's team.
    pub async fn belongs_to(self, member: &TeamMember, message: MessageId, chat: ChatKey) -> Result<bool> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM message WHERE uid = $1 AND chat = $2 AND team = $3)",
        )
        .bind(message.0)
        .bind(chat.0)
        .bind(member.team.0)
        .fetch_one(&self.0.pool)
        .await?)
    }

    /// The teams of messages whose streams have the earlier form, see [`events::StreamName::message_by_id`]; none are added.
    ///
    /// # Errors
    /// The database failed; or some are missing, and may yet come.
    pub async fn teams_with_streams_by_id(self) -> Result<HashSet<TeamId>> {
        self.0.ensure_complete().await?;
        let teams: Vec<Uuid> = sqlx::query_scalar("SELECT DISTINCT team FROM message WHERE stream_by_id")
            .fetch_all(&self.0.pool)
            .await?;
        Ok(teams.into_iter().map(TeamId).collect())
    }

    /// The chats of those of the messages that are not deleted.
    pub async fn chats_of(
        self,
        member: &TeamMember,
        messages: &[MessageId],
    ) -> Result<HashMap<MessageId, ChatRef>> {
        let rows = sqlx::query(
            "SELECT m.uid, c.key, c.kind, c.low, c.high FROM message m JOIN chat c ON c.key = m.chat \
             WHERE m.team = $1 AND m.uid = ANY($2) AND NOT m.deleted",
        )
        .bind(member.team.0)
        .bind(messages.iter().map(|id| id.0).collect::<Vec<Uuid>>())
        .fetch_all(&self.0.pool)
        .await?;
        rows.iter().map(|row| Ok((MessageId(row.get("uid")), chat_ref(row)?))).collect()
    }
}

/// A row with [`COLUMNS`].
pub fn neutral(row: &PgRow) -> Result<MessageRecord> {
    let author: Uuid = row.get("author");
    let num: i64 = row.get("num");
    Ok(MessageRecord {
        id: MessageId(row.get("uid")),
        team: TeamId(row.get("team")),
        chat: chat_ref(row)?,
        author: match row.get("by_integration") {
            true => Author::Integration(IntegrationId(author)),
            false => Author::Contact(ContactId(author)),
        },
        kind: content_type(row, "content")?,
        text: row.get("body"),
        change: row
            .get::<Option<serde_json::Value>, _>("change")
            .map(serde_json::from_value)
            .transpose()
            .map_err(|_| QueryError::Damaged("message.change"))?,
        important: row.get("important"),
        nopreview: row.get("nopreview"),
        silently: row.get("silently"),
        reply_to: row.get::<Option<Uuid>, _>("reply_to").map(MessageId),
        linked_messages: json(row, "linked")?,
        uploads: json(row, "uploads")?,
        replied: None,
        forwarded: vec![],
        links: json(row, "links")?,
        mentioned: json(row, "mentioned")?,
        reactions: json(row, "reactions")?,
        created: row.get("created"),
        edited: row.get::<Option<DateTime<Utc>>, _>("edited"),
        editable_until: row.get("editable_until"),
        gentime: row.get("gentime"),
        num,
        index: row.get("index"),
        prev: row.get::<Option<Uuid>, _>("prev").map(MessageId),
        is_last: num == row.get::<i64, _>("last_num"),
        received: u32::try_from(row.get::<i64, _>("received")).unwrap_or(u32::MAX),
        chat_gentime: row.get("chat_gentime"),
    })
}

/// Content type of a row, from the named column and `deleted`.
fn content_type(row: &PgRow, column: &'static str) -> Result<ContentType> {
    match row.get("deleted") {
        true => Ok(ContentType::Deleted),
        false => ContentType::from_word(row.get(column)).ok_or(QueryError::Damaged("message.kind")),
    }
}

fn json<T: DeserializeOwned>(row: &PgRow, column: &'static str) -> Result<Vec<T>> {
    serde_json::from_value(row.get(column)).map_err(|_| QueryError::Damaged(column))
}

/// The conversation of a row with `key`, `kind`, `low`, `high`.
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
