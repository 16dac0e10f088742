//! When contacts were last online, stored outside the log: presence is never an event.

use crate::{ReadModel, Result, rights::TeamMember};
use chrono::{DateTime, Utc};
use events::AccountId;

/// When contacts were last online.
#[derive(Clone, Copy, Debug)]
pub struct LastSeen<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// When contacts were last online.
    pub fn last_seen(&self) -> LastSeen<'_> {
        LastSeen(self)
    }
}

impl LastSeen<'_> {
    /// Stores that a member is online now.
    pub async fn note(self, member: &TeamMember, account: AccountId, at: DateTime<Utc>) -> Result<()> {
        sqlx::query(
            "INSERT INTO ops.last_seen (contact, team, account, at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (contact) DO UPDATE SET at = greatest(last_seen.at, excluded.at)",
        )
        .bind(member.contact.0)
        .bind(member.team.0)
        .bind(account.0)
        .bind(at)
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }
}
