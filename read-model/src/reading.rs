//! Unread counters: the newest number of a chat less the number that a contact has read. Nothing is counted per member
//! when a message is posted, so posting into a large group writes no more rows than into a small one.

use crate::{ReadModel, Result};
use events::{AccountId, ChatKey, ContactId};
use protocol::team::TeamUnread;
use sqlx::Row;
use std::collections::HashMap;
use uuid::Uuid;

/// The chats of contacts with how much of each is unread: `viewer`, `chat`, `kind`, `unread`. `$1`: contacts.
const UNREAD: &str = "
    SELECT viewer, chats.chat, kind, greatest(last_num - greatest(coalesce(r.num, 0), since), 0) AS unread FROM (
        SELECT m.contact AS viewer, c.key AS chat, c.kind, c.last_num, m.joined_num AS since
        FROM read.member m JOIN read.chat c ON c.key = m.chat WHERE m.contact = ANY($1) AND NOT c.archived
        UNION ALL
        SELECT c.low, c.key, c.kind, c.last_num, 0 FROM read.chat c WHERE c.kind = 'direct' AND c.low = ANY($1)
        UNION ALL
        SELECT c.high, c.key, c.kind, c.last_num, 0 FROM read.chat c
        WHERE c.kind = 'direct' AND c.high = ANY($1) AND c.high <> c.low
    ) chats LEFT JOIN read.reading r ON r.contact = viewer AND r.chat = chats.chat";

impl ReadModel {
    /// Unread counters of contacts, each for its own team.
    ///
    /// # Errors
    /// The database failed.
    pub async fn unread(&self, contacts: &[ContactId]) -> Result<HashMap<ContactId, TeamUnread>> {
        let ids: Vec<Uuid> = contacts.iter().map(|id| id.0).collect();
        let sql = format!(
            "SELECT viewer, kind, count(*) AS chats, sum(unread)::bigint AS messages FROM ({UNREAD}) u \
             WHERE unread > 0 GROUP BY viewer, kind"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(ids).fetch_all(&self.pool).await?;
        let mut counters: HashMap<ContactId, TeamUnread> = HashMap::new();
        for row in &rows {
            let team = counters.entry(ContactId(row.get("viewer"))).or_default();
            let unread = match row.get::<&str, _>("kind") {
                "direct" => &mut team.direct,
                "task" => &mut team.task,
                _ => &mut team.group,
            };
            unread.chats = row.get::<i64, _>("chats").unsigned_abs();
            unread.messages = row.get::<i64, _>("messages").unsigned_abs();
        }
        Ok(counters)
    }

    /// Unread messages of an account over all its teams.
    ///
    /// # Errors
    /// The database failed.
    pub async fn badge(&self, account: AccountId) -> Result<u64> {
        let contacts: Vec<Uuid> = sqlx::query_scalar(
            "SELECT c.uid FROM read.contact c JOIN read.team t ON t.uid = c.team \
             WHERE c.account = $1 AND NOT c.archived AND NOT t.archived",
        )
        .bind(account.0)
        .fetch_all(&self.pool)
        .await?;
        let contacts: Vec<ContactId> = contacts.into_iter().map(ContactId).collect();
        Ok(self.unread(&contacts).await?.values().map(TeamUnread::messages).sum())
    }

    /// The last message that a contact has read in a chat, with how many are unread and mention it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn chat_unread(&self, contact: ContactId, chat: ChatKey) -> Result<ChatUnread> {
        let sql = format!(
            "SELECT u.unread, r.message, r.gentime, (SELECT count(*) FROM read.message n WHERE n.chat = $2 \
                 AND n.num > coalesce(r.num, 0) AND NOT n.deleted AND n.mentioned ? $3) AS notices \
             FROM ({UNREAD}) u LEFT JOIN read.reading r ON r.contact = u.viewer AND r.chat = u.chat WHERE u.chat = $2"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(vec![contact.0])
            .bind(chat.0)
            .bind(contact.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map_or_else(ChatUnread::default, |row| ChatUnread {
            messages: row.get::<i64, _>("unread").unsigned_abs(),
            notices: row.get::<i64, _>("notices").unsigned_abs(),
            last_read: row.get("message"),
            gentime: row.get::<Option<i64>, _>("gentime").unwrap_or(0),
        }))
    }
}

/// What a contact has not read of a chat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatUnread {
    /// Messages.
    pub messages: u64,
    /// Those that mention it.
    pub notices: u64,
    /// The last message read.
    pub last_read: Option<Uuid>,
    /// Version of the mark, 0 for none.
    pub gentime: i64,
}
