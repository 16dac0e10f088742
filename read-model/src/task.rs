//! Tasks as one member sees them.

mod list;

pub use list::{TaskOrder, TaskQuery};

use crate::{ReadModel, Result, integration::KeyHolder, rights::TeamMember};
use events::{GroupId, TeamId, chat::ChatRef};
use protocol::chat::Chat;
use sqlx::Row;

/// Tasks of a team as its members see them.
#[derive(Clone, Copy, Debug)]
pub struct Tasks<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Tasks of a team as its members see them.
    pub fn tasks(&self) -> Tasks<'_> {
        Tasks(self)
    }
}

impl Tasks<'_> {
    /// The task of a team that an address or its bare uuid names, if it lives.
    pub async fn exists(self, member: &TeamMember, task: GroupId) -> Result<bool> {
        let found: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM chat WHERE key = $1 AND team = $2 AND kind = 'task' AND NOT archived)",
        )
        .bind(task.0)
        .bind(member.team.0)
        .fetch_one(&self.0.pool)
        .await?;
        if !found {
            self.0.ensure_complete().await?;
        }
        Ok(found)
    }

    /// The task with this number in the member's team, unless it is archived, and whether it is public.
    pub async fn by_number(self, member: &TeamMember, num: u32) -> Result<Option<(GroupId, bool)>> {
        self.query_number(member.team, num).await
    }

    /// The task with this number in the team of an API key, unless it is archived, and whether it is public.
    pub async fn by_number_for_key(self, holder: &KeyHolder, num: u32) -> Result<Option<(GroupId, bool)>> {
        self.query_number(holder.team(), num).await
    }

    async fn query_number(self, team: TeamId, num: u32) -> Result<Option<(GroupId, bool)>> {
        let row = sqlx::query(
            "SELECT c.key, c.public FROM task t JOIN chat c ON c.key = t.key \
             WHERE t.team = $1 AND t.num = $2 AND NOT c.archived",
        )
        .bind(team.0)
        .bind(i64::from(num))
        .fetch_optional(&self.0.pool)
        .await?;
        if row.is_none() {
            self.0.ensure_complete().await?;
        }
        Ok(row.map(|row| (GroupId(row.get("key")), row.get("public"))))
    }

    /// A task with all that belongs to it; `None` when it is archived, or none of the viewer's business. Those who run the
    /// team see all.
    pub async fn find(self, member: &TeamMember, task: GroupId) -> Result<Option<Chat>> {
        self.0.chats().complete_view(member, ChatRef::Task(task)).await
    }
}
