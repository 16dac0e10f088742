//! The feed: what each scope was told, in order and without holes; the truth behind every websocket.

use crate::{
    QueryError, ReadModel, Result,
    reading::{MENTIONS, PLACES, STANDING, UNREAD},
};
use events::{AccountId, ChatKey, ContactId, Position, TeamId};
use protocol::{
    message::ChatType,
    notice::{FeedRow, Scope},
};
use sqlx::{AssertSqlSafe, Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

impl ReadModel {
    /// The rows of a scope behind a sequence number, oldest first, `limit` at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn feed(&self, scope: Scope, after: i64, limit: i64) -> Result<Vec<FeedRow>> {
        let rows = sqlx::query(
            "SELECT seq, notice FROM read.feed WHERE scope = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        )
        .bind(scope.uuid())
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(feed_row).collect()
    }

    /// The newest sequence numbers of scopes; 0 for those that were never told anything.
    ///
    /// # Errors
    /// The database failed.
    pub async fn feed_heads(&self, scopes: &[Scope]) -> Result<HashMap<Uuid, i64>> {
        let ids: Vec<Uuid> = scopes.iter().map(Scope::uuid).collect();
        let rows = sqlx::query("SELECT scope, seq FROM read.feed_scope WHERE scope = ANY($1)")
            .bind(&ids)
            .fetch_all(&self.pool)
            .await?;
        let mut heads: HashMap<Uuid, i64> = ids.into_iter().map(|id| (id, 0)).collect();
        heads.extend(rows.iter().map(|row| (row.get::<Uuid, _>("scope"), row.get::<i64, _>("seq"))));
        Ok(heads)
    }

    /// The teams whose feeds concern an account, with its contact in each; archived ones and those it left drop out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn seats(&self, account: AccountId) -> Result<Vec<(TeamId, ContactId)>> {
        let rows = sqlx::query(
            "SELECT c.team, c.uid FROM read.contact c JOIN read.team t ON t.uid = c.team \
             WHERE c.account = $1 AND NOT c.archived AND NOT t.archived",
        )
        .bind(account.0)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.iter().map(|row| (TeamId(row.get("team")), ContactId(row.get("uid")))).collect())
    }

    /// How far a contact has read each of its chats: what unread counters are made of, so that whoever hears the feed
    /// can go on counting by itself, from the position behind which nothing is counted yet.
    ///
    /// # Errors
    /// The database failed.
    pub async fn chat_marks(&self, contact: ContactId) -> Result<ChatMarks> {
        // One statement, so that all of it is of one moment.
        let sql = format!(
            "SELECT k.position, ARRAY(SELECT chat FROM read.own_chat WHERE contact = ANY($1) AND NOT counters_enabled) \
                 AS uncounted, marks.* \
             FROM read.checkpoint k LEFT JOIN ( \
                 SELECT c.key, c.kind, base.num AS base, r.message, coalesce(r.gentime, 0) AS gentime, \
                     {UNREAD} AS unread, {MENTIONS} AS mentions \
                 FROM ({PLACES}) {STANDING} WHERE NOT c.archived) marks ON true"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(vec![contact.0]).fetch_all(&self.pool).await?;
        let first = rows.first().ok_or(QueryError::Damaged("checkpoint"))?;
        let uncounted: Vec<Uuid> = first.get("uncounted");
        let mark = |row: &PgRow| {
            Some(ChatMark {
                chat: ChatKey(row.get::<Option<Uuid>, _>("key")?),
                kind: ChatType::from_word(row.get("kind")).unwrap_or(ChatType::Group),
                base: row.get("base"),
                unread: row.get::<i64, _>("unread").unsigned_abs(),
                mentions: row.get("mentions"),
                last_read: row.get("message"),
                gentime: row.get("gentime"),
            })
        };
        Ok(ChatMarks {
            position: first.get::<i64, _>("position").cast_unsigned(),
            uncounted: uncounted.into_iter().map(ChatKey).collect(),
            marks: rows.iter().filter_map(mark).collect(),
        })
    }
}

/// A row as it was told; its number is the table's, which gave it.
fn feed_row(row: &PgRow) -> Result<FeedRow> {
    let told = serde_json::from_slice(row.get("notice")).map_err(|_| QueryError::Damaged("feed.notice"))?;
    Ok(FeedRow { seq: row.get("seq"), ..told })
}

/// See [`ReadModel::chat_marks`].
#[derive(Clone, Debug, Default)]
pub struct ChatMarks {
    /// All events up to here are in it, and none behind.
    pub position: Position,
    /// Chats that are not to be counted.
    pub uncounted: Vec<ChatKey>,
    /// The contact's chats.
    pub marks: Vec<ChatMark>,
}

/// How far a contact has read a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatMark {
    /// Which one.
    pub chat: ChatKey,
    /// Its kind.
    pub kind: ChatType,
    /// Messages up to this number do not count as unread.
    pub base: i64,
    /// Messages not read.
    pub unread: u64,
    /// The numbers of those that mention the contact.
    pub mentions: Vec<i64>,
    /// The last message read.
    pub last_read: Option<Uuid>,
    /// Version of the mark, 0 for none.
    pub gentime: i64,
}
