//! When contacts were last seen on a websocket: remembered beside the log, since presence is never in it.

use crate::{ReadModel, Result};
use chrono::{DateTime, Utc};
use events::{AccountId, ContactId, TeamId};

impl ReadModel {
    /// A contact was seen just now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn saw(
        &self,
        contact: ContactId,
        team: TeamId,
        account: AccountId,
        at: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO ops.last_seen (contact, team, account, at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (contact) DO UPDATE SET at = greatest(last_seen.at, excluded.at)",
        )
        .bind(contact.0)
        .bind(team.0)
        .bind(account.0)
        .bind(at)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
