//! What is due without anybody asking for it.

use crate::{ReadModel, Result};
use chrono::{DateTime, Utc};
use events::{ContactId, GroupId, MessageId};
use sqlx::Row;
use uuid::Uuid;

/// A group has yet to hear what became of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PendingMembership {
    /// Which group.
    pub group: GroupId,
    /// Who.
    pub contact: ContactId,
    /// Back in the team, or out of it.
    pub stays: bool,
}

/// Work that is due without a request.
#[derive(Clone, Copy, Debug)]
pub struct Upkeep<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Work that is due without a request.
    pub fn upkeep(&self) -> Upkeep<'_> {
        Upkeep(self)
    }
}

impl Upkeep<'_> {
    /// Messages that their groups no longer want to keep, the oldest of each first.
    pub async fn overdue_messages(self, now: DateTime<Utc>, limit: i64) -> Result<Vec<MessageId>> {
        // Of each group only the first that are left are looked at: the others are younger.
        let found: Vec<Uuid> = sqlx::query_scalar(
            "SELECT old.uid FROM chat c CROSS JOIN LATERAL ( \
                 SELECT m.uid, m.created FROM message m WHERE m.chat = c.key AND m.num > c.swept AND NOT m.deleted \
                 ORDER BY m.num LIMIT $2) old \
             WHERE c.autocleanup_age IS NOT NULL AND NOT c.archived \
                 AND old.created < $1 - make_interval(secs => c.autocleanup_age) LIMIT $2",
        )
        .bind(now)
        .bind(limit)
        .fetch_all(&self.0.pool)
        .await?;
        Ok(found.into_iter().map(MessageId).collect())
    }

    /// Open tasks whose deadline has come, as far as the rows know: the log may know that it was seen.
    pub async fn overdue_tasks(self, now: DateTime<Utc>, limit: i64) -> Result<Vec<GroupId>> {
        let found: Vec<Uuid> =
            sqlx::query_scalar("SELECT key FROM task WHERE due <= $1 ORDER BY due, key LIMIT $2")
                .bind(now)
                .bind(limit)
                .fetch_all(&self.0.pool)
                .await?;
        Ok(found.into_iter().map(GroupId).collect())
    }

    /// What groups have yet to hear of those who left the team or came back.
    pub async fn pending_memberships(self, limit: i64) -> Result<Vec<PendingMembership>> {
        let rows =
            sqlx::query("SELECT chat, contact, stays FROM membership_due ORDER BY chat, contact LIMIT $1")
                .bind(limit)
                .fetch_all(&self.0.pool)
                .await?;
        let due = |row: &sqlx::postgres::PgRow| PendingMembership {
            group: GroupId(row.get("chat")),
            contact: ContactId(row.get("contact")),
            stays: row.get("stays"),
        };
        Ok(rows.iter().map(due).collect())
    }
}
