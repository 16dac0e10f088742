//! Memberships of teams: who is in a team, and in which teams an account is or was.

use crate::{
    ReadModel, Result,
    rights::{Membership, TeamMember},
    row_code::MembershipRow,
};
use domain::policy::{self, Action};
use events::{AccountId, ContactId, TeamId, value::ContactStatus};
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// An account's contact in a team, present or former.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountContact {
    pub team: TeamId,
    pub contact: ContactId,
    /// The contact was removed from the team.
    pub removed: bool,
    /// The team is archived.
    pub archived: bool,
}

impl AccountContact {
    /// The account is in the team, and the team is not archived.
    pub fn is_present(&self) -> bool {
        !self.removed && !self.archived
    }
}

/// Memberships of teams.
#[derive(Clone, Copy, Debug)]
pub struct Memberships<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Memberships of teams.
    pub fn memberships(&self) -> Memberships<'_> {
        Memberships(self)
    }
}

impl Memberships<'_> {
    /// The proof that an account is in a team that is not archived.
    pub async fn find(self, account: AccountId, team: TeamId) -> Result<Option<TeamMember>> {
        let member = self.0.rights.membership((account, team), self.query(account, team)).await?;
        Ok(member.map(TeamMember::proven))
    }

    async fn query(self, account: AccountId, team: TeamId) -> Result<Option<Membership>> {
        let row = sqlx::query(
            "SELECT c.uid, c.status, c.inviting, c.code, t.max_message_update_age FROM contact c JOIN team t ON t.uid = c.team \
             WHERE c.team = $1 AND c.account = $2 AND NOT c.archived AND NOT t.archived",
        )
        .bind(team.0)
        .bind(account.0)
        .fetch_optional(&self.0.pool)
        .await?;
        if row.is_none() {
            self.0.ensure_complete().await?;
        }
        let is_genuine = |row: &PgRow| {
            let coded = MembershipRow {
                contact: row.get("uid"),
                team: team.0,
                account: Some(account.0),
                status: row.get("status"),
                inviting: row.get("inviting"),
                archived: false,
            };
            coded.is_genuine(&self.0.row_mac, row.get("code"))
        };
        Ok(row.filter(is_genuine).map(|row| {
            let status = ContactStatus::from_word(row.get("status")).unwrap_or(ContactStatus::Guest);
            Membership {
                team,
                contact: row.get::<Uuid, _>("uid").into(),
                status,
                may_invite: row.get("inviting") || policy::may(status, Action::AddToTeam),
                message_update_age: row.get::<i32, _>("max_message_update_age").unsigned_abs(),
            }
        }))
    }

    /// The contacts that an account has or had, one for each team.
    pub async fn of_account(self, account: AccountId) -> Result<Vec<AccountContact>> {
        let rows = sqlx::query(
            "SELECT c.team, c.uid, c.archived AS removed, t.archived FROM contact c \
             JOIN team t ON t.uid = c.team WHERE c.account = $1",
        )
        .bind(account.0)
        .fetch_all(&self.0.pool)
        .await?;
        let contact = |row: &PgRow| AccountContact {
            team: TeamId(row.get("team")),
            contact: ContactId(row.get("uid")),
            removed: row.get("removed"),
            archived: row.get("archived"),
        };
        Ok(rows.iter().map(contact).collect())
    }
}
