//! Rights in conversations, and who is in them. How one looks to a contact is in [`view`], lists are in [`list`].

pub mod list;
pub mod view;

use crate::{ReadModel, Result, contact::Viewer};
use events::{
    ContactId, GroupId, TeamId,
    chat::ChatRef,
    value::{ContactStatus, GroupStatus},
};
use protocol::{Jid, chat::GroupMembership};
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// What a contact may do in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is none of its business: answered as if it did not exist.
    None,
    /// May read.
    Read,
    /// May read and write.
    Write,
}

impl ReadModel {
    /// What a contact may do in a conversation of its team.
    ///
    /// # Errors
    /// The database failed.
    pub async fn access(&self, team: TeamId, contact: ContactId, chat: ChatRef) -> Result<Access> {
        let asked = async {
            let access = self.access_in_rows(team, contact, chat).await?;
            Ok(Some(access).filter(|access| *access != Access::None))
        };
        match self.rights.access((team, contact, chat), asked).await? {
            Some(access) => Ok(access),
            None => self.whole().await.map(|()| Access::None),
        }
    }

    async fn access_in_rows(&self, team: TeamId, contact: ContactId, chat: ChatRef) -> Result<Access> {
        match chat {
            ChatRef::Direct(a, b) if a != contact && b != contact => Ok(Access::None),
            ChatRef::Direct(a, b) => {
                let other = if a == contact { b } else { a };
                let archived: Option<bool> =
                    sqlx::query_scalar("SELECT archived FROM contact WHERE uid = $1 AND team = $2")
                        .bind(other.0)
                        .bind(team.0)
                        .fetch_optional(&self.pool)
                        .await?;
                // What was said with somebody who is gone can still be read.
                Ok(match archived {
                    None => Access::None,
                    Some(true) => Access::Read,
                    Some(false) => Access::Write,
                })
            }
            ChatRef::Task(task) => self.access_to_task(team, contact, task).await,
            ChatRef::Group(group) => {
                let row = sqlx::query(
                    "SELECT c.readonly, m.status FROM chat c JOIN member m ON m.chat = c.key \
                     WHERE c.key = $1 AND c.team = $2 AND m.contact = $3 AND c.kind = 'group' AND NOT c.archived",
                )
                .bind(group.0)
                .bind(team.0)
                .bind(contact.0)
                .fetch_optional(&self.pool)
                .await?;
                Ok(match row {
                    None => Access::None,
                    Some(row) if row.get("readonly") && row.get::<&str, _>("status") != "admin" => {
                        Access::Read
                    }
                    Some(_) => Access::Write,
                })
            }
        }
    }

    /// Those whom a task concerns write; a public one is read by everybody but guests.
    async fn access_to_task(&self, team: TeamId, contact: ContactId, task: GroupId) -> Result<Access> {
        let row = sqlx::query(
            "SELECT m.contact IS NOT NULL AS member, c.public AND k.status <> 'guest' AS open FROM chat c \
             JOIN contact k ON k.uid = $3 AND k.team = c.team AND NOT k.archived \
             LEFT JOIN member m ON m.chat = c.key AND m.contact = $3 \
             WHERE c.key = $1 AND c.team = $2 AND c.kind = 'task' AND NOT c.archived",
        )
        .bind(task.0)
        .bind(team.0)
        .bind(contact.0)
        .fetch_optional(&self.pool)
        .await?;
        Ok(match row {
            Some(row) if row.get("member") => Access::Write,
            Some(row) if row.get("open") => Access::Read,
            _ => Access::None,
        })
    }

    /// Whether a group lives in a team.
    ///
    /// # Errors
    /// The database failed.
    pub async fn group_is_of(&self, group: GroupId, team: TeamId) -> Result<bool> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM chat WHERE key = $1 AND team = $2 AND kind = 'group' AND NOT archived)",
        )
        .bind(group.0)
        .bind(team.0)
        .fetch_one(&self.pool)
        .await?)
    }

    /// Everybody in a group.
    ///
    /// # Errors
    /// The database failed.
    pub async fn group_members(&self, group: GroupId, viewer: Viewer) -> Result<Vec<GroupMembership>> {
        let rows = sqlx::query("SELECT contact, status FROM member WHERE chat = $1 ORDER BY status, contact")
            .bind(group.0)
            .fetch_all(&self.pool)
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

    /// Which of these contacts are in at least one of these groups.
    ///
    /// # Errors
    /// The database failed.
    pub async fn members_among(&self, groups: &[GroupId], contacts: &[ContactId]) -> Result<Vec<ContactId>> {
        let found: Vec<Uuid> = sqlx::query_scalar(
            "SELECT DISTINCT contact FROM member WHERE chat = ANY($1) AND contact = ANY($2)",
        )
        .bind(groups.iter().map(|group| group.0).collect::<Vec<_>>())
        .bind(contacts.iter().map(|contact| contact.0).collect::<Vec<_>>())
        .fetch_all(&self.pool)
        .await?;
        Ok(found.into_iter().map(ContactId).collect())
    }

    /// The groups that a contact is in.
    ///
    /// # Errors
    /// The database failed.
    pub async fn groups_of(&self, contact: ContactId) -> Result<Vec<GroupId>> {
        let found: Vec<Uuid> = sqlx::query_scalar(
            "SELECT m.chat FROM member m JOIN chat c ON c.key = m.chat WHERE m.contact = $1 AND NOT c.archived",
        )
        .bind(contact.0)
        .fetch_all(&self.pool)
        .await?;
        Ok(found.into_iter().map(GroupId).collect())
    }

    /// The groups that a contact has joined, tasks left out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn groups_joined(&self, contact: ContactId) -> Result<Vec<GroupId>> {
        let found: Vec<Uuid> = sqlx::query_scalar(
            "SELECT m.chat FROM member m JOIN chat c ON c.key = m.chat \
             WHERE m.contact = $1 AND c.kind = 'group' AND NOT c.archived ORDER BY m.chat",
        )
        .bind(contact.0)
        .fetch_all(&self.pool)
        .await?;
        Ok(found.into_iter().map(GroupId).collect())
    }
}

/// The conversation that an address names for a contact.
pub fn chat_of(viewer: ContactId, jid: Jid) -> ChatRef {
    match jid {
        Jid::Direct(other) => ChatRef::direct(viewer, other),
        Jid::Group(group) => ChatRef::Group(group),
        Jid::Task(task) => ChatRef::Task(task),
    }
}

/// The address under which a contact knows a conversation.
pub fn jid_for(viewer: ContactId, chat: ChatRef) -> Jid {
    match chat {
        ChatRef::Group(group) => Jid::Group(group),
        ChatRef::Task(task) => Jid::Task(task),
        ChatRef::Direct(a, b) => Jid::Direct(if a == viewer { b } else { a }),
    }
}
