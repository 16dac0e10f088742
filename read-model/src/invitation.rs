//! Invitations of a team (`docs/acceptance.md`, items 88 to 92).

use crate::{ReadModel, Result, rights::TeamMember};
use chrono::{DateTime, Utc};
use events::{ContactId, InvitationId, TeamId};
use protocol::{
    Jid,
    invitation::{Invitation, OpenInvitation},
};
use secrets::vault::{Place, Purpose};
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// The condition of an open invitation at the time `$2`.
const OPEN: &str = "expires > $2 AND (max_uses IS NULL OR uses < max_uses)";

/// The invitation of a token: proof that its holder may see the team's name and picture. Only the query makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invited {
    team: TeamId,
    invitation: InvitationId,
    made: DateTime<Utc>,
    open: bool,
}

impl Invited {
    /// The team that the invitation leads to.
    pub fn team(&self) -> TeamId {
        self.team
    }

    pub fn invitation(&self) -> InvitationId {
        self.invitation
    }

    /// When the invitation was made.
    pub fn made(&self) -> DateTime<Utc> {
        self.made
    }

    /// Whether the invitation admits accounts that have not used it yet.
    pub fn is_open(&self) -> bool {
        self.open
    }
}

/// Invitations of teams.
#[derive(Clone, Copy, Debug)]
pub struct Invitations<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Invitations of teams.
    pub fn invitations(&self) -> Invitations<'_> {
        Invitations(self)
    }
}

impl Invitations<'_> {
    /// Open invitations of a team, the oldest first.
    pub async fn list(self, member: &TeamMember, now: DateTime<Utc>) -> Result<Vec<OpenInvitation>> {
        let sql = format!("SELECT * FROM invitation WHERE team = $1 AND {OPEN} ORDER BY since");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(member.team.0)
            .bind(now)
            .fetch_all(&self.0.pool)
            .await?;
        rows.iter().map(|row| self.invitation_view(row)).collect()
    }

    /// An open invitation of a team.
    pub async fn find(
        self,
        member: &TeamMember,
        invitation: InvitationId,
        now: DateTime<Utc>,
    ) -> Result<Option<OpenInvitation>> {
        let sql = format!("SELECT * FROM invitation WHERE team = $1 AND uid = $3 AND {OPEN}");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(member.team.0)
            .bind(now)
            .bind(invitation.0)
            .fetch_optional(&self.0.pool)
            .await?;
        row.as_ref().map(|row| self.invitation_view(row)).transpose()
    }

    /// The invitation of a token, unless its team is archived.
    pub async fn by_token(self, token: &str, now: DateTime<Utc>) -> Result<Option<Invited>> {
        let hash = hex::encode(self.0.vault.keyed_hash(Purpose::InvitationToken, token.as_bytes()));
        let sql = format!(
            "SELECT i.team, i.uid, i.created, {OPEN} AS open FROM invitation i JOIN team t ON t.uid = i.team \
             WHERE i.token_hash = $1 AND NOT t.archived"
        );
        let row =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(hash).bind(now).fetch_optional(&self.0.pool).await?;
        if row.is_none() {
            self.0.ensure_complete().await?;
        }
        Ok(row.map(|row| Invited {
            team: TeamId(row.get("team")),
            invitation: InvitationId(row.get("uid")),
            made: row.get("created"),
            open: row.get("open"),
        }))
    }

    fn invitation_view(self, row: &PgRow) -> Result<OpenInvitation> {
        let uid: Uuid = row.get("uid");
        let team: Uuid = row.get("team");
        let place = Place::Invitation(TeamId(team), InvitationId(uid));
        let token = self.0.open_secret(row.get("token_sealed"), place)?;
        Ok(OpenInvitation {
            created: row.get::<DateTime<Utc>, _>("created").into(),
            expires: row.get::<DateTime<Utc>, _>("expires").into(),
            made_by: row.get::<Option<Uuid>, _>("maker").map(|maker| Jid::Direct(ContactId(maker))),
            max_uses: row.get::<Option<i32>, _>("max_uses").map(i32::unsigned_abs),
            qr: format!("{}/api/v3/teams/{team}/invitations/{token}.png", self.0.base_url()),
            token,
            uid,
            uses: row.get::<i32, _>("uses").unsigned_abs(),
        })
    }
}

/// The invitation as v3 shows it.
pub fn in_brief(invitation: OpenInvitation) -> Invitation {
    let OpenInvitation { created, qr, token, uid, .. } = invitation;
    Invitation { created, qr, token, uid }
}
