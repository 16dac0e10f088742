//! Groups as one member sees them, and rights in conversations.

use crate::{ReadModel, Result, contact::Viewer};
use chrono::{DateTime, Utc};
use events::{
    ChatKey, ContactId, GroupId, TeamId,
    chat::ChatRef,
    value::{ContactStatus, GroupStatus},
};
use protocol::{
    Jid,
    chat::{Chat, GroupMembership},
    message::{ChatType, Face},
};
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
                let known = self.contacts_of_team(team, &[other]).await?;
                Ok(if known.is_empty() { Access::None } else { Access::Write })
            }
            ChatRef::Group(group) | ChatRef::Task(group) => {
                let row = sqlx::query(
                    "SELECT c.readonly, m.status FROM read.chat c JOIN read.member m ON m.chat = c.key \
                     WHERE c.key = $1 AND c.team = $2 AND m.contact = $3 AND c.kind = $4 AND NOT c.archived",
                )
                .bind(group.0)
                .bind(team.0)
                .bind(contact.0)
                .bind(ChatType::of(chat).word())
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

    /// Whether a group lives in a team.
    ///
    /// # Errors
    /// The database failed.
    pub async fn group_is_of(&self, group: GroupId, team: TeamId) -> Result<bool> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM read.chat WHERE key = $1 AND team = $2 AND kind = 'group' AND NOT archived)",
        )
        .bind(group.0)
        .bind(team.0)
        .fetch_one(&self.pool)
        .await?)
    }

    /// The groups that a contact is in, or that are public, by title.
    ///
    /// # Errors
    /// The database failed.
    pub async fn groups(&self, team: TeamId, viewer: Viewer) -> Result<Vec<Chat>> {
        let rows = sqlx::query(
            "SELECT c.key FROM read.chat c LEFT JOIN read.member m ON m.chat = c.key AND m.contact = $2 \
             WHERE c.team = $1 AND c.kind = 'group' AND NOT c.archived AND (c.public OR m.contact IS NOT NULL) \
             ORDER BY c.display_name, c.key",
        )
        .bind(team.0)
        .bind(viewer.contact.0)
        .fetch_all(&self.pool)
        .await?;
        let mut groups = Vec::with_capacity(rows.len());
        for row in rows {
            groups.extend(self.group(team, GroupId(row.get("key")), viewer).await?);
        }
        Ok(groups)
    }

    /// A group as a contact sees it; `None` when it is archived, or private to others. Those who run the team see all.
    ///
    /// # Errors
    /// The database failed.
    pub async fn group(&self, team: TeamId, group: GroupId, viewer: Viewer) -> Result<Option<Chat>> {
        let row = sqlx::query(
            "SELECT c.*, m.status AS own_status, (SELECT count(*) FROM read.member n WHERE n.chat = c.key) AS members \
             FROM read.chat c LEFT JOIN read.member m ON m.chat = c.key AND m.contact = $3 \
             WHERE c.key = $1 AND c.team = $2 AND c.kind = 'group' AND NOT c.archived",
        )
        .bind(group.0)
        .bind(team.0)
        .bind(viewer.contact.0)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let own = row.get::<Option<&str>, _>("own_status").and_then(GroupStatus::from_word);
        if own.is_none() && !row.get::<bool, _>("public") && viewer.status < ContactStatus::Admin {
            return Ok(None);
        }
        Ok(Some(self.group_view(&row, group, viewer, own).await?))
    }

    /// Everybody in a group.
    ///
    /// # Errors
    /// The database failed.
    pub async fn group_members(&self, group: GroupId, viewer: Viewer) -> Result<Vec<GroupMembership>> {
        let rows =
            sqlx::query("SELECT contact, status FROM read.member WHERE chat = $1 ORDER BY status, contact")
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

    /// The groups that a contact is in.
    ///
    /// # Errors
    /// The database failed.
    pub async fn groups_of(&self, contact: ContactId) -> Result<Vec<GroupId>> {
        let found: Vec<Uuid> = sqlx::query_scalar(
            "SELECT m.chat FROM read.member m JOIN read.chat c ON c.key = m.chat WHERE m.contact = $1 AND NOT c.archived",
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
            "SELECT m.chat FROM read.member m JOIN read.chat c ON c.key = m.chat \
             WHERE m.contact = $1 AND c.kind = 'group' AND NOT c.archived ORDER BY m.chat",
        )
        .bind(contact.0)
        .fetch_all(&self.pool)
        .await?;
        Ok(found.into_iter().map(GroupId).collect())
    }

    async fn group_view(
        &self,
        row: &PgRow,
        group: GroupId,
        viewer: Viewer,
        own: Option<GroupStatus>,
    ) -> Result<Chat> {
        let unread = self.chat_unread(viewer.contact, ChatKey(group.0)).await?;
        let last_message = match row.get::<Option<Uuid>, _>("last_message").filter(|_| own.is_some()) {
            Some(last) => self.message(TeamId(row.get("team")), last.into()).await?,
            None => None,
        };
        let manages = own == Some(GroupStatus::Admin) || viewer.status >= ContactStatus::Admin;
        let readonly: bool = row.get("readonly");
        let display_name: String = row.get("display_name");
        let description: String = row.get("description");
        let flag = |is: bool| is.then_some(true);
        Ok(Chat {
            can_add_member: flag(manages),
            can_delete: flag(manages),
            can_remove_member: flag(manages),
            can_send_message: flag(own == Some(GroupStatus::Admin) || (own.is_some() && !readonly)),
            chat_type: ChatType::Group,
            counters_enabled: flag(own.is_some()),
            created: row.get::<DateTime<Utc>, _>("created").into(),
            default_for_all: flag(row.get("default_for_all")),
            description: Some(description).filter(|text| !text.is_empty()),
            gentime: row.get::<i64, _>("gentime").max(unread.gentime),
            icons: self.stub(row.get("colour"), &display_name),
            display_name,
            jid: Jid::Group(group),
            last_message: last_message
                .map(|message| Box::new(message.seen_by(viewer.contact, Face::Realtime, self.base_url()))),
            last_read_message_id: unread.last_read,
            members: None,
            notifications_enabled: flag(own.is_some()),
            num_members: Some(u32::try_from(row.get::<i64, _>("members")).unwrap_or(u32::MAX)),
            num_unread: unread.messages,
            num_unread_notices: unread.notices,
            public: flag(row.get("public")),
            readonly_for_members: flag(readonly),
            status: own,
        })
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
