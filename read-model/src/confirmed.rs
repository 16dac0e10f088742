//! Feed positions that clients have confirmed, stored outside the log: a client that reconnects may resume from there.

use crate::{ReadModel, Result, rights::TeamMember};
use events::SessionId;
use protocol::FeedPosition;
use sqlx::Row;

/// Feed positions that clients have confirmed.
#[derive(Clone, Copy, Debug)]
pub struct Confirmations<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Feed positions that clients have confirmed.
    pub fn confirmations(&self) -> Confirmations<'_> {
        Confirmations(self)
    }
}

impl Confirmations<'_> {
    /// Stores that a session's client has confirmed everything up to a position.
    pub async fn note(self, session: SessionId, member: &TeamMember, point: FeedPosition) -> Result<()> {
        sqlx::query(
            "INSERT INTO ops.confirmed (session, team, position, ordinal, at) VALUES ($1, $2, $3, $4, now()) \
             ON CONFLICT (session, team) DO UPDATE \
             SET position = excluded.position, ordinal = excluded.ordinal, at = excluded.at",
        )
        .bind(session.0)
        .bind(member.team.0)
        .bind(point.position.cast_signed())
        .bind(point.ordinal.cast_signed())
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }

    /// The last confirmed position of a session; `None` if it is unknown, or lies beyond this read model.
    pub async fn last(self, session: SessionId, member: &TeamMember) -> Result<Option<FeedPosition>> {
        let row = sqlx::query(
            "SELECT f.position, f.ordinal FROM ops.confirmed f CROSS JOIN checkpoint c \
             WHERE f.session = $1 AND f.team = $2 AND f.position <= c.position",
        )
        .bind(session.0)
        .bind(member.team.0)
        .fetch_optional(&self.0.pool)
        .await?;
        Ok(row.map(|row| FeedPosition {
            position: row.get::<i64, _>("position").cast_unsigned(),
            ordinal: row.get::<i32, _>("ordinal").cast_unsigned(),
        }))
    }

    /// Deletes positions below the feed floor, from which no client can resume, and those older than 30 days.
    pub async fn forget_outdated(self) -> Result<()> {
        sqlx::query(
            "DELETE FROM ops.confirmed WHERE at < now() - interval '30 days' \
             OR position <= (SELECT position FROM feed_floor)",
        )
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }
}
