//! Reminders that have not fired yet.

use crate::{QueryError, ReadModel, Result, chat_address::jid_for, rights::TeamMember};
use chrono::{DateTime, Utc};
use events::{ContactId, RemindId, chat::ChatRef};
use protocol::{notice::ReminderRecord, remind::Remind};
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// Reminders that have not fired yet.
#[derive(Clone, Copy, Debug)]
pub struct Reminders<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Reminders that have not fired yet.
    pub fn reminders(&self) -> Reminders<'_> {
        Reminders(self)
    }
}

impl Reminders<'_> {
    /// The member's own reminders, the next one first.
    pub async fn list(self, owner: &TeamMember) -> Result<Vec<Remind>> {
        let rows = sqlx::query("SELECT * FROM remind WHERE contact = $1 ORDER BY fire_at, uid")
            .bind(owner.contact.0)
            .fetch_all(&self.0.pool)
            .await?;
        rows.iter().map(|row| Ok(remind_view(&reminder(row)?, owner.contact))).collect()
    }

    /// Number of the member's reminders.
    pub async fn count(self, owner: &TeamMember) -> Result<usize> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM remind WHERE contact = $1")
            .bind(owner.contact.0)
            .fetch_one(&self.0.pool)
            .await?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Reminders whose time has come. The log may already have fired them.
    pub async fn due(self, now: DateTime<Utc>, limit: i64) -> Result<Vec<RemindId>> {
        let due: Vec<Uuid> =
            sqlx::query_scalar("SELECT uid FROM remind WHERE fire_at <= $1 ORDER BY fire_at, uid LIMIT $2")
                .bind(now)
                .bind(limit)
                .fetch_all(&self.0.pool)
                .await?;
        Ok(due.into_iter().map(RemindId).collect())
    }
}

/// A reminder from its row.
pub fn reminder(row: &PgRow) -> Result<ReminderRecord> {
    let chat: ChatRef =
        serde_json::from_value(row.get("chat_ref")).map_err(|_| QueryError::Damaged("remind.chat_ref"))?;
    Ok(ReminderRecord {
        remind: RemindId(row.get("uid")),
        chat,
        fire_at: row.get("fire_at"),
        comment: row.get("comment"),
    })
}

/// A reminder as its owner sees it.
pub fn remind_view(reminder: &ReminderRecord, owner: ContactId) -> Remind {
    Remind {
        chat: jid_for(owner, reminder.chat),
        comment: Some(reminder.comment.clone()).filter(|comment| !comment.is_empty()),
        fire_at: reminder.fire_at.into(),
        uid: reminder.remind.0,
    }
}
