//! Groups of a team and their members.

use crate::{ReadModel, Result, rights::TeamMember};
use events::{
    ChatKey, ContactId, GroupId,
    value::{ContactStatus, GroupStatus},
};
use protocol::{Jid, chat::GroupMembership};
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// Groups of a team and their members.
#[derive(Clone, Copy, Debug)]
pub struct Groups<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Groups of a team and their members.
    pub fn groups(&self) -> Groups<'_> {
        Groups(self)
    }
}

impl Groups<'_> {
    /// Whether the member's team has this group, and it is not archived.
    pub async fn exists(self, member: &TeamMember, group: GroupId) -> Result<bool> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM chat WHERE key = $1 AND team = $2 AND kind = 'group' AND NOT archived)",
        )
        .bind(group.0)
        .bind(member.team.0)
        .fetch_one(&self.0.pool)
        .await?)
    }

    /// The members of a group of the viewer's team, by status.
    pub async fn members(self, viewer: &TeamMember, group: GroupId) -> Result<Vec<GroupMembership>> {
        let rows = sqlx::query(
            "SELECT m.contact, m.status FROM member m JOIN chat c ON c.key = m.chat \
             WHERE m.chat = $1 AND c.team = $2 ORDER BY m.status, m.contact",
        )
        .bind(group.0)
        .bind(viewer.team.0)
        .fetch_all(&self.0.pool)
        .await?;
        let status = |row: &PgRow| GroupStatus::from_word(row.get("status")).unwrap_or(GroupStatus::Member);
        let manages = viewer.status >= ContactStatus::Admin
            || rows.iter().any(|row| {
                row.get::<Uuid, _>("contact") == viewer.contact.0 && status(row) == GroupStatus::Admin
            });
        let member = |row: &PgRow| {
            let contact = ContactId(row.get("contact"));
            let can_remove = (manages || contact == viewer.contact).then_some(true);
            GroupMembership { can_remove, jid: Jid::Direct(contact), status: status(row) }
        };
        Ok(rows.iter().map(member).collect())
    }

    /// Whether the member is an admin of a group.
    pub async fn is_admin(self, member: &TeamMember, chat: ChatKey) -> Result<bool> {
        let sql =
            "SELECT EXISTS (SELECT 1 FROM member WHERE chat = $1 AND contact = $2 AND status = 'admin')";
        Ok(sqlx::query_scalar(sql).bind(chat.0).bind(member.contact.0).fetch_one(&self.0.pool).await?)
    }

    /// Those of the contacts that are in at least one of the groups.
    pub async fn members_among(self, groups: &[GroupId], contacts: &[ContactId]) -> Result<Vec<ContactId>> {
        let found: Vec<Uuid> = sqlx::query_scalar(
            "SELECT DISTINCT contact FROM member WHERE chat = ANY($1) AND contact = ANY($2)",
        )
        .bind(groups.iter().map(|group| group.0).collect::<Vec<_>>())
        .bind(contacts.iter().map(|contact| contact.0).collect::<Vec<_>>())
        .fetch_all(&self.0.pool)
        .await?;
        Ok(found.into_iter().map(ContactId).collect())
    }

    /// The groups that a contact is in, without tasks.
    pub async fn joined_by(self, contact: ContactId) -> Result<Vec<GroupId>> {
        let found: Vec<Uuid> = sqlx::query_scalar(
            "SELECT m.chat FROM member m JOIN chat c ON c.key = m.chat \
             WHERE m.contact = $1 AND c.kind = 'group' AND NOT c.archived ORDER BY m.chat",
        )
        .bind(contact.0)
        .fetch_all(&self.0.pool)
        .await?;
        Ok(found.into_iter().map(GroupId).collect())
    }
}
