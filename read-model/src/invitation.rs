//! Invitations of a team (`docs/acceptance.md`, items 88 to 92).

use crate::{QueryError, ReadModel, Result};
use chrono::{DateTime, Utc};
use events::{ContactId, InvitationId, TeamId};
use platform::vault::{Place, Purpose};
use protocol::{
    Jid,
    invitation::{Invitation, OpenInvitation},
};
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// The condition for rows that let somebody in at the time `$2`.
const OPEN: &str = "expires > $2 AND (max_uses IS NULL OR uses < max_uses)";

/// The invitation that a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invited {
    /// Into which team.
    pub team: TeamId,
    /// By which invitation.
    pub invitation: InvitationId,
    /// When that was made.
    pub made: DateTime<Utc>,
    /// Whether it lets anybody in who has not used it yet.
    pub open: bool,
}

impl ReadModel {
    /// Open invitations, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn invitations(&self, team: TeamId, now: DateTime<Utc>) -> Result<Vec<OpenInvitation>> {
        let sql = format!("SELECT * FROM invitation WHERE team = $1 AND {OPEN} ORDER BY since");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.0).bind(now).fetch_all(&self.pool).await?;
        rows.iter().map(|row| self.invitation_view(row)).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn invitation(
        &self,
        team: TeamId,
        invitation: InvitationId,
        now: DateTime<Utc>,
    ) -> Result<Option<OpenInvitation>> {
        let sql = format!("SELECT * FROM invitation WHERE team = $1 AND uid = $3 AND {OPEN}");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(team.0)
            .bind(now)
            .bind(invitation.0)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(|row| self.invitation_view(row)).transpose()
    }

    /// The invitation of a token, and its team, unless it is void; archived teams have none.
    ///
    /// # Errors
    /// The database failed.
    pub async fn invitation_by_token(&self, token: &str, now: DateTime<Utc>) -> Result<Option<Invited>> {
        let hash = hex::encode(self.vault.keyed_hash(Purpose::InvitationToken, token.as_bytes()));
        let sql = format!(
            "SELECT i.team, i.uid, i.created, {OPEN} AS open FROM invitation i JOIN team t ON t.uid = i.team \
             WHERE i.token_hash = $1 AND NOT t.archived"
        );
        let row =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(hash).bind(now).fetch_optional(&self.pool).await?;
        if row.is_none() {
            self.whole().await?;
        }
        Ok(row.map(|row| Invited {
            team: TeamId(row.get("team")),
            invitation: InvitationId(row.get("uid")),
            made: row.get("created"),
            open: row.get("open"),
        }))
    }

    fn invitation_view(&self, row: &PgRow) -> Result<OpenInvitation> {
        let uid: Uuid = row.get("uid");
        let team: Uuid = row.get("team");
        let place = Place::Invitation(TeamId(team), InvitationId(uid));
        let token = self.open_secret(row.get("token_sealed"), place)?;
        Ok(OpenInvitation {
            created: row.get::<DateTime<Utc>, _>("created").into(),
            expires: row.get::<DateTime<Utc>, _>("expires").into(),
            made_by: row.get::<Option<Uuid>, _>("maker").map(|maker| Jid::Direct(ContactId(maker))),
            max_uses: row.get::<Option<i32>, _>("max_uses").map(i32::unsigned_abs),
            qr: format!("{}/api/v3/teams/{team}/invitations/{token}.png", self.base_url()),
            token,
            uid,
            uses: row.get::<i32, _>("uses").unsigned_abs(),
        })
    }

    /// Opens a secret that the API shows again, in the place that it was sealed for.
    pub(crate) fn open_secret(&self, sealed: &str, place: Place<'_>) -> Result<String> {
        let plain = self.vault.open(sealed, place).map_err(|_| QueryError::Damaged("sealed secret"))?;
        String::from_utf8(plain).map_err(|_| QueryError::Damaged("sealed secret"))
    }
}

/// As v3 tells it.
pub fn in_brief(invitation: OpenInvitation) -> Invitation {
    let OpenInvitation { created, qr, token, uid, .. } = invitation;
    Invitation { created, qr, token, uid }
}
