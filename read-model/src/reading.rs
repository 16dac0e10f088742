//! Unread counters: how many messages of a chat come behind the one that a contact has read. Nothing is counted per member
//! when a message is posted, so posting into a large group writes no more rows than into a small one.
//!
//! Numbers of messages have no holes, so a difference of numbers is a count, less those that do not count (any more):
//! an index holds these alone, and a chat knows up to which number there are only such.

use crate::{QueryError, ReadModel, Result};
use events::{AccountId, ChatKey, ContactId, Position};
use protocol::{message::ChatType, team::TeamUnread};
use sqlx::{AssertSqlSafe, Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Contacts (`$1`, a list) in their chats: viewer, chat, status, since, peer. Archived chats are among them.
pub const PLACES: &str =
    "SELECT m.contact AS viewer, m.chat, m.status, m.joined_num AS since, NULL::uuid AS peer
    FROM member m WHERE m.contact = ANY($1)
    UNION ALL
    SELECT low, key, NULL, 0, high FROM chat WHERE kind = 'direct' AND low = ANY($1)
    UNION ALL
    SELECT high, key, NULL, 0, low FROM chat WHERE kind = 'direct' AND high = ANY($1) AND high <> low";

/// To be put behind places in brackets, `({PLACES}) {STANDING}`: the place `x`, the chat `c`, the read mark `r`, own
/// settings `o`, and `base.num`, up to which nothing is unread.
pub const STANDING: &str = "x JOIN chat c ON c.key = x.chat
    LEFT JOIN reading r ON r.contact = x.viewer AND r.chat = x.chat AND NOT r.away
    LEFT JOIN own_chat o ON o.contact = x.viewer AND o.chat = x.chat
    CROSS JOIN LATERAL (SELECT greatest(coalesce(r.num, 0), x.since, c.swept) AS num) base";

/// How many messages are unread, of a row of [`STANDING`].
pub const UNREAD: &str = "(CASE WHEN c.last_num <= base.num THEN 0 ELSE c.last_num - base.num - (
    SELECT count(*) FROM message d WHERE d.chat = c.key AND d.num > base.num AND NOT d.counts) END)";

/// The numbers of those of them that mention the viewer, of a row of [`STANDING`].
pub const MENTIONS: &str = "(CASE WHEN c.last_num <= base.num THEN '{}' ELSE ARRAY(
    SELECT n.num FROM message n WHERE n.chat = c.key AND n.num > base.num AND n.counts AND n.mentioned <> '[]'
        AND n.mentioned ? x.viewer::text ORDER BY n.num) END)";

/// Unread counters.
#[derive(Clone, Copy, Debug)]
pub struct Unread<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Unread counters.
    pub fn unread(&self) -> Unread<'_> {
        Unread(self)
    }
}

impl Unread<'_> {
    /// Unread counters of contacts, each for its own team. Chats that are not to be counted are left out.
    pub async fn counts(self, contacts: &[ContactId]) -> Result<HashMap<ContactId, TeamUnread>> {
        let ids: Vec<Uuid> = contacts.iter().map(|id| id.0).collect();
        let sql = format!(
            "SELECT viewer, kind, count(*) AS chats, sum(unread)::bigint AS messages FROM ( \
                 SELECT x.viewer, c.kind, {UNREAD} AS unread FROM ({PLACES}) {STANDING} \
                 WHERE NOT c.archived AND coalesce(o.counters_enabled, true) AND c.last_num > base.num) u \
             WHERE unread > 0 GROUP BY viewer, kind"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(ids).fetch_all(&self.0.pool).await?;
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
    pub async fn badge(self, account: AccountId) -> Result<u64> {
        let contacts: Vec<Uuid> = sqlx::query_scalar(
            "SELECT c.uid FROM contact c JOIN team t ON t.uid = c.team \
             WHERE c.account = $1 AND NOT c.archived AND NOT t.archived",
        )
        .bind(account.0)
        .fetch_all(&self.0.pool)
        .await?;
        let contacts: Vec<ContactId> = contacts.into_iter().map(ContactId).collect();
        Ok(self.counts(&contacts).await?.values().map(TeamUnread::messages).sum())
    }

    /// The read marks of a contact in each of its chats, with the position of the last counted event: a reader of the feed
    /// continues the unread counters from there.
    pub async fn chat_marks(self, contact: ContactId) -> Result<ChatMarks> {
        // One statement, so that all of it is of one moment.
        let sql = format!(
            "SELECT k.position, ARRAY(SELECT chat FROM own_chat WHERE contact = ANY($1) AND NOT counters_enabled) \
                 AS uncounted, marks.* \
             FROM checkpoint k LEFT JOIN ( \
                 SELECT c.key, c.kind, base.num AS base, r.message, coalesce(r.gentime, 0) AS gentime, \
                     greatest(c.gentime, o.gentime, p.gentime) AS version, {UNREAD} AS unread, {MENTIONS} AS mentions \
                 FROM ({PLACES}) {STANDING} LEFT JOIN contact p ON p.uid = x.peer WHERE NOT c.archived) marks ON true"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(vec![contact.0]).fetch_all(&self.0.pool).await?;
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
                version: row.get("version"),
            })
        };
        Ok(ChatMarks {
            position: first.get::<i64, _>("position").cast_unsigned(),
            uncounted: uncounted.into_iter().map(ChatKey).collect(),
            marks: rows.iter().filter_map(mark).collect(),
        })
    }
}

/// See [`Unread::chat_marks`].
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
    /// The chat.
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
    /// Version of all else that the contact sees of the chat.
    pub version: i64,
}
