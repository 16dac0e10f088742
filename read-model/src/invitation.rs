//! Invitations of a team (`docs/acceptance.md`, items 88 to 92).

use crate::{QueryError, ReadModel, Result};
use chrono::{DateTime, Utc};
use events::{InvitationId, TeamId};
use platform::vault::{Place, Purpose};
use protocol::invitation::Invitation;
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

impl ReadModel {
    /// Open invitations, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn invitations(&self, team: TeamId) -> Result<Vec<Invitation>> {
        let rows = sqlx::query("SELECT * FROM invitation WHERE team = $1 ORDER BY since")
            .bind(team.0)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| self.invitation_view(row)).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn invitation(&self, team: TeamId, invitation: InvitationId) -> Result<Option<Invitation>> {
        let row = sqlx::query("SELECT * FROM invitation WHERE team = $1 AND uid = $2")
            .bind(team.0)
            .bind(invitation.0)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(|row| self.invitation_view(row)).transpose()
    }

    /// The invitation that a token opens, and its team; archived teams have none.
    ///
    /// # Errors
    /// The database failed.
    pub async fn invitation_by_token(&self, token: &str) -> Result<Option<(TeamId, InvitationId)>> {
        let hash = hex::encode(self.vault.keyed_hash(Purpose::InvitationToken, token.as_bytes()));
        let row = sqlx::query(
            "SELECT i.team, i.uid FROM invitation i JOIN team t ON t.uid = i.team \
             WHERE i.token_hash = $1 AND NOT t.archived",
        )
        .bind(hash)
        .fetch_optional(&self.pool)
        .await?;
        if row.is_none() {
            self.whole().await?;
        }
        Ok(row.map(|row| (TeamId(row.get("team")), InvitationId(row.get("uid")))))
    }

    fn invitation_view(&self, row: &PgRow) -> Result<Invitation> {
        let uid: Uuid = row.get("uid");
        let team: Uuid = row.get("team");
        let place = Place::Invitation(TeamId(team), InvitationId(uid));
        let token = self.open_secret(row.get("token_sealed"), place)?;
        Ok(Invitation {
            created: row.get::<DateTime<Utc>, _>("created").into(),
            qr: format!("{}/api/v3/teams/{team}/invitations/{token}.png", self.base_url()),
            token,
            uid,
        })
    }

    /// Opens a secret that the API shows again, in the place that it was sealed for.
    pub(crate) fn open_secret(&self, sealed: &str, place: Place<'_>) -> Result<String> {
        let plain = self.vault.open(sealed, place).map_err(|_| QueryError::Damaged("sealed secret"))?;
        String::from_utf8(plain).map_err(|_| QueryError::Damaged("sealed secret"))
    }
}
