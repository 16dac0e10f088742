//! Tags of a team's tasks.

use crate::{ReadModel, Result, rights::TeamMember};
use protocol::tag::Tag;
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

/// Tags of a team's tasks.
#[derive(Clone, Copy, Debug)]
pub struct Tags<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Tags of a team's tasks.
    pub fn tags(&self) -> Tags<'_> {
        Tags(self)
    }
}

impl Tags<'_> {
    /// The tags of the member's team, alphabetically.
    pub async fn list(self, member: &TeamMember) -> Result<Vec<Tag>> {
        let rows = sqlx::query("SELECT uid, name FROM tag WHERE team = $1 ORDER BY lower(name), uid")
            .bind(member.team.0)
            .fetch_all(&self.0.pool)
            .await?;
        let tag = |row: &PgRow| Tag { name: row.get("name"), uid: row.get::<Uuid, _>("uid") };
        Ok(rows.iter().map(tag).collect())
    }
}
