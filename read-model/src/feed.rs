//! The feed: what each scope was told, in order and without holes; the truth behind every websocket.

use crate::{QueryError, ReadModel, Result};
use events::{AccountId, ChatKey, ContactId, TeamId};
use protocol::{
    message::ChatType,
    notice::{FeedRow, Scope},
};
use sqlx::{Row, postgres::PgRow};
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
    /// can go on counting by itself.
    ///
    /// # Errors
    /// The database failed.
    pub async fn chat_marks(&self, contact: ContactId) -> Result<Vec<ChatMark>> {
        let rows = sqlx::query(
            "SELECT chats.*, coalesce(r.num, 0) AS read_num, r.message, coalesce(r.gentime, 0) AS gentime, \
             CASE WHEN last_num <= greatest(coalesce(r.num, 0), since) THEN 0 ELSE \
                 (SELECT count(*) FROM read.message n WHERE n.chat = chats.key AND n.num > coalesce(r.num, 0) \
                     AND NOT n.deleted AND n.mentioned ? ($1::uuid)::text) END AS notices \
             FROM (SELECT c.key, c.kind, c.last_num, m.joined_num AS since \
                 FROM read.member m JOIN read.chat c ON c.key = m.chat WHERE m.contact = $1 AND NOT c.archived \
                 UNION ALL SELECT key, kind, last_num, 0 FROM read.chat WHERE kind = 'direct' AND low = $1 \
                 UNION ALL SELECT key, kind, last_num, 0 FROM read.chat \
                 WHERE kind = 'direct' AND high = $1 AND high <> low) chats \
             LEFT JOIN read.reading r ON r.contact = $1 AND r.chat = chats.key",
        )
        .bind(contact.0)
        .fetch_all(&self.pool)
        .await?;
        let mark = |row: &sqlx::postgres::PgRow| ChatMark {
            chat: ChatKey(row.get("key")),
            kind: ChatType::from_word(row.get("kind")).unwrap_or(ChatType::Group),
            last_num: row.get("last_num"),
            read_num: row.get("read_num"),
            since: row.get("since"),
            last_read: row.get("message"),
            gentime: row.get("gentime"),
            notices: row.get::<i64, _>("notices").unsigned_abs(),
        };
        Ok(rows.iter().map(mark).collect())
    }
}

/// A row as it was told; its number is the table's, which gave it.
fn feed_row(row: &PgRow) -> Result<FeedRow> {
    let told = serde_json::from_slice(row.get("notice")).map_err(|_| QueryError::Damaged("feed.notice"))?;
    Ok(FeedRow { seq: row.get("seq"), ..told })
}

/// How far a contact has read a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatMark {
    /// Which one.
    pub chat: ChatKey,
    /// Its kind.
    pub kind: ChatType,
    /// Number of its newest message, 0 for none.
    pub last_num: i64,
    /// Messages up to this number are read, 0 for none.
    pub read_num: i64,
    /// Messages up to this number were there before the contact came, and do not count as unread.
    pub since: i64,
    /// The last message read.
    pub last_read: Option<Uuid>,
    /// Version of the mark, 0 for none.
    pub gentime: i64,
    /// Unread messages that mention the contact.
    pub notices: u64,
}
