//! Sections of a team's contacts, groups and tasks.

use crate::{ReadModel, Result};
use events::{SectionId, TeamId, value::SectionKind};
use protocol::section::Section;
use sqlx::Row;

impl ReadModel {
    /// All of a kind, in their order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sections(&self, team: TeamId, kind: SectionKind) -> Result<Vec<Section>> {
        let rows =
            sqlx::query("SELECT * FROM section WHERE team = $1 AND kind = $2 ORDER BY sort_ordering, uid")
                .bind(team.0)
                .bind(kind.word())
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
    pub async fn section(
        &self,
        team: TeamId,
        kind: SectionKind,
        section: SectionId,
    ) -> Result<Option<Section>> {
        Ok(self.sections(team, kind).await?.into_iter().find(|known| known.uid == section.0))
    }

    /// Whether a team has such a section.
    ///
    /// # Errors
    /// The database failed.
    pub async fn section_is_of(&self, team: TeamId, kind: SectionKind, section: SectionId) -> Result<bool> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM section WHERE uid = $1 AND team = $2 AND kind = $3)",
        )
        .bind(section.0)
        .bind(team.0)
        .bind(kind.word())
        .fetch_one(&self.pool)
        .await?)
    }
}
