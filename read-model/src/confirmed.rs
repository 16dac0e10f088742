//! Up to where clients have confirmed what sockets told them: remembered beside the log, for those who come back and do
//! not know it themselves.

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
    /// A session's client has confirmed everything up to a point.
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

    /// Up to where a session's client has confirmed everything. Nothing if that is not known, or is of another read model
    /// than this, which has not come so far.
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

    /// Forgets the places from which nobody can go on, since the feed has forgotten what comes next, and those of sessions
    /// that have not come for a month.
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
