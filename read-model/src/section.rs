//! Sections of a team's contacts.

use crate::{ReadModel, Result};
use events::{SectionId, TeamId};
use protocol::section::Section;
use sqlx::Row;

impl ReadModel {
    /// All of them, in their order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sections(&self, team: TeamId) -> Result<Vec<Section>> {
        let rows = sqlx::query("SELECT * FROM section WHERE team = $1 ORDER BY sort_ordering, uid")
            .bind(team.0)
            .fetch_all(&self.pool)
            .await?;
        let section = |row: &sqlx::postgres::PgRow| Section {
            uid: row.get("uid"),
            sort_ordering: row.get::<i32, _>("sort_ordering").unsigned_abs(),
            name: row.get("name"),
            description: Some(row.get("description")).filter(|text: &String| !text.is_empty()),
            gentime: row.get("gentime"),
        };
        Ok(rows.iter().map(section).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn section(&self, team: TeamId, section: SectionId) -> Result<Option<Section>> {
        Ok(self.sections(team).await?.into_iter().find(|known| known.uid == section.0))
    }
}
