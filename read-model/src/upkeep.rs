//! Work that is due without a request.

use crate::{ReadModel, Result};
use chrono::{DateTime, Utc};
use events::{ContactId, GroupId, MessageId, MessageKey, TeamId};
use sqlx::Row;
use uuid::Uuid;

/// A group in which a change of a contact's team membership is not applied yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PendingMembership {
    pub group: GroupId,
    pub contact: ContactId,
    /// The contact is back in the team, or out of it.
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
    /// Messages older than the retention of their group, the oldest of each group first.
    pub async fn overdue_messages(self, now: DateTime<Utc>, limit: i64) -> Result<Vec<MessageKey>> {
        // Only the first remaining messages of each group are read: the others are younger.
        let found: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "SELECT c.team, old.uid FROM chat c CROSS JOIN LATERAL ( \
                 SELECT m.uid, m.created FROM message m WHERE m.chat = c.key AND m.num > c.swept AND NOT m.deleted \
                 ORDER BY m.num LIMIT $2) old \
             WHERE c.autocleanup_age IS NOT NULL AND NOT c.archived \
                 AND old.created < $1::timestamptz - make_interval(secs => c.autocleanup_age) LIMIT $2",
        )
        .bind(now)
        .bind(limit)
        .fetch_all(&self.0.pool)
        .await?;
        let key = |(team, message)| MessageKey { team: TeamId(team), message: MessageId(message) };
        Ok(found.into_iter().map(key).collect())
    }

    /// Open tasks whose deadline has passed. The log may already have recorded it.
    pub async fn overdue_tasks(self, now: DateTime<Utc>, limit: i64) -> Result<Vec<GroupId>> {
        let found: Vec<Uuid> =
            sqlx::query_scalar("SELECT key FROM task WHERE due <= $1 ORDER BY due, key LIMIT $2")
                .bind(now)
                .bind(limit)
                .fetch_all(&self.0.pool)
                .await?;
        Ok(found.into_iter().map(GroupId).collect())
    }

    /// Changes of team memberships that groups have yet to apply.
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
