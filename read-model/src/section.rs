//! Sections of a team's contacts, groups and tasks.

use crate::{ReadModel, Result, rights::TeamMember};
use events::{SectionId, value::SectionKind};
use protocol::section::Section;
use sqlx::Row;

/// Sections of a team's contacts, groups and tasks.
#[derive(Clone, Copy, Debug)]
pub struct Sections<'r>(pub(crate) &'r ReadModel);

impl ReadModel {
    /// Sections of a team's contacts, groups and tasks.
    pub fn sections(&self) -> Sections<'_> {
        Sections(self)
    }
}

impl Sections<'_> {
    /// The sections of a kind, in their order.
    pub async fn list(self, member: &TeamMember, kind: SectionKind) -> Result<Vec<Section>> {
        let rows =
            sqlx::query("SELECT * FROM section WHERE team = $1 AND kind = $2 ORDER BY sort_ordering, uid")
                .bind(member.team.0)
                .bind(kind.word())
                .fetch_all(&self.0.pool)
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

    pub async fn find(
        self,
        member: &TeamMember,
        kind: SectionKind,
        section: SectionId,
    ) -> Result<Option<Section>> {
        Ok(self.list(member, kind).await?.into_iter().find(|known| known.uid == section.0))
    }

    /// Whether the member's team has the section.
    pub async fn exists(self, member: &TeamMember, kind: SectionKind, section: SectionId) -> Result<bool> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM section WHERE uid = $1 AND team = $2 AND kind = $3)",
        )
        .bind(section.0)
        .bind(member.team.0)
        .bind(kind.word())
        .fetch_one(&self.0.pool)
        .await?)
    }
}
