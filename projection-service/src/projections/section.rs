//! Sections of contacts.

use super::contact;
use crate::batch::{At, Batch};
use events::{ContactId, SectionId, TeamId, section};
use protocol::notice::{Audience, Notice, Scope};
use uuid::Uuid;

pub(super) async fn created(
    batch: &mut Batch<'_>,
    at: At<'_>,
    team: TeamId,
    created: &section::Created,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO section (uid, team, name, description, sort_ordering, gentime) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(created.section.0)
    .bind(team.0)
    .bind(created.name.or_default())
    .bind(created.description.as_ref().map(|text| text.or_default()).unwrap_or_default())
    .bind(created.sort_ordering.cast_signed())
    .bind(at.gentime())
    .execute(&mut *batch.db)
    .await?;
    updated(batch, at, team, created.section);
    Ok(())
}

pub(super) async fn changed(
    batch: &mut Batch<'_>,
    at: At<'_>,
    team: TeamId,
    changed: &section::Changed,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE section SET name = $2, description = $3, sort_ordering = $4, \
             gentime = greatest(gentime + 1, $5) WHERE uid = $1",
    )
    .bind(changed.section.0)
    .bind(changed.name.or_default())
    .bind(changed.description.or_default())
    .bind(changed.sort_ordering.cast_signed())
    .bind(at.gentime())
    .execute(&mut *batch.db)
    .await?;
    updated(batch, at, team, changed.section);
    Ok(())
}

/// Contacts that were in it are in it no longer.
pub(super) async fn removed(
    batch: &mut Batch<'_>,
    at: At<'_>,
    team: TeamId,
    removed: &section::Removed,
) -> Result<(), sqlx::Error> {
    let section = removed.section;
    sqlx::query("DELETE FROM section WHERE uid = $1").bind(section.0).execute(&mut *batch.db).await?;
    let left: Vec<Uuid> = sqlx::query_scalar(
        "WITH changed AS ( \
             UPDATE contact SET sections = array_remove(sections, $2), gentime = greatest(gentime + 1, $3) \
             WHERE team = $1 AND $2 = ANY(sections) RETURNING uid) SELECT uid FROM changed ORDER BY uid",
    )
    .bind(team.0)
    .bind(section.0)
    .bind(at.gentime())
    .fetch_all(&mut *batch.db)
    .await?;
    let gone = Notice::SectionsDeleted { team, sections: vec![section], gentime: at.gentime() };
    batch.tell(at, Scope::Team(team), Audience::All, gone);
    if !left.is_empty() {
        contact::updated(batch, at, team, left.into_iter().map(ContactId).collect());
    }
    Ok(())
}

fn updated(batch: &mut Batch<'_>, at: At<'_>, team: TeamId, section: SectionId) {
    let notice = Notice::SectionsUpdated { team, sections: vec![section] };
    batch.tell(at, Scope::Team(team), Audience::All, notice);
}
