//! Access to chats. Views of one chat are in [`view`], pages of chats in [`list`].

pub mod list;
mod view;

use crate::{
    ReadModel, Result,
    rights::{ChatAccess, TeamMember},
};
use events::{ContactId, GroupId, TeamId, chat::ChatRef};
use sqlx::Row;

/// Chats of all kinds, as members of a team see them.
#[derive(Clone, Copy, Debug)]
pub struct Chats<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Chats of all kinds, as members of a team see them.
    pub fn chats(&self) -> Chats<'_> {
        Chats(self)
    }
}

impl Chats<'_> {
    /// Rights of a member in a chat of its team.
    pub async fn access(self, member: &TeamMember, chat: ChatRef) -> Result<ChatAccess> {
        let (team, contact) = (member.team, member.contact);
        let query = async {
            let access = self.query_access(team, contact, chat).await?;
            Ok(Some(access).filter(|access| *access != ChatAccess::None))
        };
        match self.0.rights.access((team, contact, chat), query).await? {
            Some(access) => Ok(access),
            None => self.0.ensure_complete().await.map(|()| ChatAccess::None),
        }
    }

    async fn query_access(self, team: TeamId, contact: ContactId, chat: ChatRef) -> Result<ChatAccess> {
        match chat {
            ChatRef::Direct(a, b) if a != contact && b != contact => Ok(ChatAccess::None),
            ChatRef::Direct(a, b) => self.access_to_direct(team, if a == contact { b } else { a }).await,
            ChatRef::Task(task) => self.access_to_task(team, contact, task).await,
            ChatRef::Group(group) => self.access_to_group(team, contact, group).await,
        }
    }

    /// A direct chat with a former contact can still be read.
    async fn access_to_direct(self, team: TeamId, other: ContactId) -> Result<ChatAccess> {
        let archived: Option<bool> =
            sqlx::query_scalar("SELECT archived FROM contact WHERE uid = $1 AND team = $2")
                .bind(other.0)
                .bind(team.0)
                .fetch_optional(&self.0.pool)
                .await?;
        Ok(match archived {
            None => ChatAccess::None,
            Some(true) => ChatAccess::Read,
            Some(false) => ChatAccess::Write,
        })
    }

    /// In a read-only group only its admins write.
    async fn access_to_group(self, team: TeamId, contact: ContactId, group: GroupId) -> Result<ChatAccess> {
        let row = sqlx::query(
            "SELECT c.readonly, m.status FROM chat c JOIN member m ON m.chat = c.key \
             WHERE c.key = $1 AND c.team = $2 AND m.contact = $3 AND c.kind = 'group' AND NOT c.archived",
        )
        .bind(group.0)
        .bind(team.0)
        .bind(contact.0)
        .fetch_optional(&self.0.pool)
        .await?;
        Ok(match row {
            None => ChatAccess::None,
            Some(row) if row.get("readonly") && row.get::<&str, _>("status") != "admin" => ChatAccess::Read,
            Some(_) => ChatAccess::Write,
        })
    }

    /// The task's members write; everyone but guests reads a public task.
    async fn access_to_task(self, team: TeamId, contact: ContactId, task: GroupId) -> Result<ChatAccess> {
        let row = sqlx::query(
            "SELECT m.contact IS NOT NULL AS member, c.public AND k.status <> 'guest' AS open FROM chat c \
             JOIN contact k ON k.uid = $3 AND k.team = c.team AND NOT k.archived \
             LEFT JOIN member m ON m.chat = c.key AND m.contact = $3 \
             WHERE c.key = $1 AND c.team = $2 AND c.kind = 'task' AND NOT c.archived",
        )
        .bind(task.0)
        .bind(team.0)
        .bind(contact.0)
        .fetch_optional(&self.0.pool)
        .await?;
        Ok(match row {
            Some(row) if row.get("member") => ChatAccess::Write,
            Some(row) if row.get("open") => ChatAccess::Read,
            _ => ChatAccess::None,
        })
    }
}
