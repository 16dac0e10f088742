//! Tags of a team's tasks.

use crate::{ReadModel, Result};
use events::TeamId;
use protocol::tag::Tag;
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

impl ReadModel {
    /// All of them, by word.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tags(&self, team: TeamId) -> Result<Vec<Tag>> {
        let rows = sqlx::query("SELECT uid, name FROM tag WHERE team = $1 ORDER BY lower(name), uid")
            .bind(team.0)
            .fetch_all(&self.pool)
            .await?;
        let tag = |row: &PgRow| Tag { name: row.get("name"), uid: row.get::<Uuid, _>("uid") };
        Ok(rows.iter().map(tag).collect())
    }
}
