//! Sections of contacts, groups and tasks.

use super::{chat, contact, task};
use crate::batch::{Batch, EventContext};
use events::{ContactId, SectionId, TeamId, section, value::SectionKind};
use protocol::notice::{Audience, Notice, Scope};
use uuid::Uuid;

pub(super) async fn created(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    created: &section::Created,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO section (uid, team, kind, name, description, sort_ordering, gentime) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(created.section.0)
    .bind(team.0)
    .bind(created.kind.word())
    .bind(created.name.or_default())
    .bind(created.description.as_ref().map(|text| text.or_default()).unwrap_or_default())
    .bind(created.sort_ordering.cast_signed())
    .bind(ctx.gentime())
    .execute(&mut *batch.db)
    .await?;
    updated(batch, ctx, team, (created.kind, created.section));
    Ok(())
}

pub(super) async fn changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    changed: &section::Changed,
) -> Result<(), sqlx::Error> {
    let kind: Option<String> = sqlx::query_scalar(
        "UPDATE section SET name = $2, description = $3, sort_ordering = $4, \
             gentime = greatest(gentime + 1, $5) WHERE uid = $1 RETURNING kind",
    )
    .bind(changed.section.0)
    .bind(changed.name.or_default())
    .bind(changed.description.or_default())
    .bind(changed.sort_ordering.cast_signed())
    .bind(ctx.gentime())
    .fetch_optional(&mut *batch.db)
    .await?;
    updated(batch, ctx, team, (kind_of(kind), changed.section));
    Ok(())
}

/// What was in it is in it no longer.
pub(super) async fn removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    removed: &section::Removed,
) -> Result<(), sqlx::Error> {
    let section = removed.section;
    let kind: Option<String> = sqlx::query_scalar("DELETE FROM section WHERE uid = $1 RETURNING kind")
        .bind(section.0)
        .fetch_optional(&mut *batch.db)
        .await?;
    let kind = kind_of(kind);
    let gone = Notice::SectionsDeleted { team, of: kind, sections: vec![section], gentime: ctx.gentime() };
    batch.emit(ctx, Scope::Team(team), Audience::All, gone);
    match kind {
        SectionKind::Contacts => contacts_freed(batch, ctx, team, section).await,
        SectionKind::Groups => chat::section_gone(batch, ctx, team, section).await,
        SectionKind::Tasks => task::section_gone(batch, ctx, team, section).await,
    }
}

async fn contacts_freed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    section: SectionId,
) -> Result<(), sqlx::Error> {
    let left: Vec<Uuid> = sqlx::query_scalar(
        "WITH changed AS ( \
             UPDATE contact SET sections = array_remove(sections, $2), gentime = greatest(gentime + 1, $3) \
             WHERE team = $1 AND $2 = ANY(sections) RETURNING uid) SELECT uid FROM changed ORDER BY uid",
    )
    .bind(team.0)
    .bind(section.0)
    .bind(ctx.gentime())
    .fetch_all(&mut *batch.db)
    .await?;
    if !left.is_empty() {
        contact::updated(batch, ctx, team, left.into_iter().map(ContactId).collect());
    }
    Ok(())
}

/// Tells somebody who is new of all sections of a team.
pub(super) async fn told_to(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    whom: Scope,
) -> Result<(), sqlx::Error> {
    for of in SectionKind::ALL {
        let sections: Vec<Uuid> = sqlx::query_scalar(
            "SELECT uid FROM section WHERE team = $1 AND kind = $2 ORDER BY sort_ordering, uid",
        )
        .bind(team.0)
        .bind(of.word())
        .fetch_all(&mut *batch.db)
        .await?;
        if !sections.is_empty() {
            let sections = sections.into_iter().map(SectionId).collect();
            batch.emit(ctx, whom, Audience::All, Notice::SectionsUpdated { team, of: *of, sections });
        }
    }
    Ok(())
}

/// What a section sorts; one that is not there any more was of contacts, as far as anybody can tell.
fn kind_of(word: Option<String>) -> SectionKind {
    word.as_deref().and_then(SectionKind::from_word).unwrap_or(SectionKind::Contacts)
}

fn updated(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    (kind, section): (SectionKind, SectionId),
) {
    let notice = Notice::SectionsUpdated { team, of: kind, sections: vec![section] };
    batch.emit(ctx, Scope::Team(team), Audience::All, notice);
}
