//! Sessions as their owner sees them, their last use, and expired sessions.
//!
//! The last use is stored outside the log: it only extends the session. That a session expired is an event, which a job
//! appends for each [`ExpiredSession`].

use crate::{Result, session::Sessions};
use chrono::{DateTime, TimeDelta, Utc};
use events::{
    AccountId, SessionId,
    value::{SessionEnd, SessionKind},
};
use protocol::session::Session;
use sqlx::Row;
use uuid::Uuid;

/// A session that has expired without an event yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiredSession {
    pub account: AccountId,
    pub session: SessionId,
    pub reason: SessionEnd,
}

impl Sessions<'_> {
    /// Stores that a session is used now.
    pub async fn note_use(self, session: SessionId, account: AccountId, at: DateTime<Utc>) -> Result<()> {
        sqlx::query(
            "INSERT INTO ops.session_seen (session, account, at) VALUES ($1, $2, $3) \
             ON CONFLICT (session) DO UPDATE SET at = greatest(session_seen.at, excluded.at)",
        )
        .bind(session.0)
        .bind(account.0)
        .bind(at)
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }

    /// The open sessions of an account, the newest first. `current` is the caller's; sessions unused for longer than `idle` are
    /// not open.
    pub async fn list(
        self,
        account: AccountId,
        current: SessionId,
        now: DateTime<Utc>,
        idle: Option<TimeDelta>,
    ) -> Result<Vec<Session>> {
        let rows = sqlx::query(
            "SELECT s.*, greatest(s.created, n.at) AS seen, d.name AS device \
             FROM session s LEFT JOIN ops.session_seen n ON n.session = s.uid \
                 LEFT JOIN device d ON d.account = s.account AND d.device_id = s.device_id \
             WHERE s.account = $1 AND s.expires > $2 AND ($3::timestamptz IS NULL OR greatest(s.created, n.at) > $3) \
             ORDER BY s.created DESC, s.uid",
        )
        .bind(account.0)
        .bind(now)
        .bind(idle.map(|idle| now - idle))
        .fetch_all(&self.0.pool)
        .await?;
        let session = |row: &sqlx::postgres::PgRow| {
            let uid: Uuid = row.get("uid");
            let current = current.0 == uid;
            let seen: DateTime<Utc> = row.get("seen");
            Session {
                uid,
                kind: SessionKind::from_word(row.get("kind")).unwrap_or(SessionKind::Token),
                created: row.get::<DateTime<Utc>, _>("created").into(),
                last_access: if current { now } else { seen }.into(),
                expires: row.get::<DateTime<Utc>, _>("expires").into(),
                addr: row.get("address"),
                user_agent: row.get("user_agent"),
                device_id: row.get("device_id"),
                device: row.get::<Option<String>, _>("device").filter(|name| !name.is_empty()),
                current,
            }
        };
        Ok(rows.iter().map(session).collect())
    }

    /// Sessions that are too old, or unused for longer than `idle`.
    pub async fn expired(
        self,
        now: DateTime<Utc>,
        idle: Option<TimeDelta>,
        limit: i64,
    ) -> Result<Vec<ExpiredSession>> {
        let rows = sqlx::query(
            "SELECT s.uid, s.account, s.expires <= $1 AS old \
             FROM session s LEFT JOIN ops.session_seen n ON n.session = s.uid \
             WHERE s.expires <= $1 OR (s.created <= $2 AND greatest(s.created, n.at) <= $2) \
             ORDER BY s.expires, s.uid LIMIT $3",
        )
        .bind(now)
        .bind(idle.map(|idle| now - idle))
        .bind(limit)
        .fetch_all(&self.0.pool)
        .await?;
        let over = |row: &sqlx::postgres::PgRow| ExpiredSession {
            account: row.get::<Uuid, _>("account").into(),
            session: row.get::<Uuid, _>("uid").into(),
            reason: if row.get("old") { SessionEnd::Expired } else { SessionEnd::Idle },
        };
        Ok(rows.iter().map(over).collect())
    }

    /// Deletes the last uses of sessions that no longer exist.
    pub async fn forget_uses(self) -> Result<()> {
        sqlx::query(
            "DELETE FROM ops.session_seen n WHERE n.at < now() - interval '1 day' \
             AND NOT EXISTS (SELECT FROM session s WHERE s.uid = n.session)",
        )
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }
}
