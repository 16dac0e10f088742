//! The feed: what each scope was told, in order and without holes; the truth behind every websocket.

use crate::{
    QueryError, ReadModel, Result,
    reading::{MENTIONS, PLACES, STANDING, UNREAD},
};
use events::{AccountId, ChatKey, ContactId, GroupId, Position, TeamId};
use protocol::{
    FeedPosition,
    message::ChatType,
    notice::{FeedRow, Scope},
};
use sqlx::{AssertSqlSafe, Row, postgres::PgRow};
use std::collections::HashSet;
use uuid::Uuid;

/// What reading the feed yields.
#[derive(Debug)]
pub enum FeedRead {
    /// The next rows.
    Page(FeedPage),
    /// Some of what follows is forgotten.
    Forgotten {
        /// Up to where the read model has come: what is told from there on is all there.
        head: Position,
    },
}

/// A part of the feed.
#[derive(Debug)]
pub struct FeedPage {
    /// In order.
    pub rows: Vec<FeedRow>,
    /// Nothing but these rows lies between where it was read from and here.
    pub reached: FeedPosition,
    /// It was read to the end.
    pub is_last: bool,
}

/// The next rows of few scopes, wherever they lie.
const OF_FEW: &str = "SELECT c.position AS head, k.position AS floor, r.notice \
    FROM checkpoint c CROSS JOIN feed_floor k LEFT JOIN LATERAL (\
        SELECT f.* FROM unnest($1::uuid[]) AS s (scope) CROSS JOIN LATERAL (\
            SELECT notice, position, ordinal FROM feed \
            WHERE scope = s.scope AND (position, ordinal) > ($2, $3) ORDER BY position, ordinal LIMIT $4) f \
        ORDER BY position, ordinal LIMIT $4) r ON true ORDER BY r.position, r.ordinal";

/// The next rows of many scopes, from near the end of the feed.
const OF_MANY: &str = "SELECT c.position AS head, k.position AS floor, r.notice \
    FROM checkpoint c CROSS JOIN feed_floor k LEFT JOIN LATERAL (\
        SELECT notice, position, ordinal FROM feed \
        WHERE (position, ordinal) > ($2, $3) AND scope = ANY($1) ORDER BY position, ordinal LIMIT $4) r ON true \
    ORDER BY r.position, r.ordinal";

/// Up to so many scopes are few.
const FEW: usize = 320;

impl ReadModel {
    /// The rows of scopes behind a point, in order, `limit` at most.
    ///
    /// # Errors
    /// The database failed.
    pub async fn feed(&self, scopes: &[Scope], after: FeedPosition, limit: i64) -> Result<FeedRead> {
        let ids: Vec<Uuid> = scopes.iter().map(Scope::uuid).collect();
        let rows = sqlx::query(if ids.len() <= FEW { OF_FEW } else { OF_MANY })
            .bind(&ids)
            .bind(after.position.cast_signed())
            .bind(after.ordinal.cast_signed())
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        let first = rows.first().ok_or(QueryError::Damaged("checkpoint"))?;
        let head = first.get::<i64, _>("head").cast_unsigned();
        if after < FeedPosition::end_of(first.get::<i64, _>("floor").cast_unsigned()) {
            return Ok(FeedRead::Forgotten { head });
        }
        let rows = rows
            .iter()
            .filter_map(|row| row.get::<Option<Vec<u8>>, _>("notice"))
            .map(|row| serde_json::from_slice(&row).map_err(|_| QueryError::Damaged("feed.notice")))
            .collect::<Result<Vec<FeedRow>>>()?;
        let full = i64::try_from(rows.len()).is_ok_and(|read| read >= limit);
        let last = rows.last().map_or(after, FeedRow::feed_position);
        let reached = if full { last } else { FeedPosition::end_of(head).max(last) };
        Ok(FeedRead::Page(FeedPage { rows, reached, is_last: !full }))
    }

    /// The groups that a contact heard at a point. Right for points that the feed still remembers.
    ///
    /// # Errors
    /// The database failed.
    pub async fn groups_at(&self, contact: ContactId, point: FeedPosition) -> Result<HashSet<GroupId>> {
        let found: Vec<Uuid> = sqlx::query_scalar(
            "SELECT chat FROM feed_member WHERE contact = $1 AND (since_position, since_ordinal) <= ($2, $3) \
                 AND (until_position IS NULL OR (until_position, until_ordinal) > ($2, $3))",
        )
        .bind(contact.0)
        .bind(point.position.cast_signed())
        .bind(point.ordinal.cast_signed())
        .fetch_all(&self.pool)
        .await?;
        Ok(found.into_iter().map(GroupId).collect())
    }

    /// The teams whose feeds concern an account, or once did.
    ///
    /// # Errors
    /// The database failed.
    pub async fn seats(&self, account: AccountId) -> Result<Vec<Seat>> {
        let rows = sqlx::query(
            "SELECT c.team, c.uid, c.archived AS removed, t.archived FROM contact c \
             JOIN team t ON t.uid = c.team WHERE c.account = $1",
        )
        .bind(account.0)
        .fetch_all(&self.pool)
        .await?;
        let seat = |row: &sqlx::postgres::PgRow| Seat {
            team: TeamId(row.get("team")),
            contact: ContactId(row.get("uid")),
            removed: row.get("removed"),
            archived: row.get("archived"),
        };
        Ok(rows.iter().map(seat).collect())
    }

    /// How far a contact has read each of its chats: what unread counters are made of, so that whoever hears the feed
    /// can go on counting by itself, from the position behind which nothing is counted yet.
    ///
    /// # Errors
    /// The database failed.
    pub async fn chat_marks(&self, contact: ContactId) -> Result<ChatMarks> {
        // One statement, so that all of it is of one moment.
        let sql = format!(
            "SELECT k.position, ARRAY(SELECT chat FROM own_chat WHERE contact = ANY($1) AND NOT counters_enabled) \
                 AS uncounted, marks.* \
             FROM checkpoint k LEFT JOIN ( \
                 SELECT c.key, c.kind, base.num AS base, r.message, coalesce(r.gentime, 0) AS gentime, \
                     greatest(c.gentime, o.gentime, p.gentime) AS version, {UNREAD} AS unread, {MENTIONS} AS mentions \
                 FROM ({PLACES}) {STANDING} LEFT JOIN contact p ON p.uid = x.peer WHERE NOT c.archived) marks ON true"
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

/// An account's contact in a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The team.
    pub team: TeamId,
    /// The contact.
    pub contact: ContactId,
    /// It is out of the team.
    pub removed: bool,
    /// The team is gone.
    pub archived: bool,
}

impl Seat {
    /// Somebody is in a team that is there.
    pub fn is_taken(&self) -> bool {
        !self.removed && !self.archived
    }
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
    /// Version of all else that the contact sees of the chat.
    pub version: i64,
}
