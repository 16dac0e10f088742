//! Sections, which sort contacts, groups or tasks.

use crate::batch::{Batch, EventContext};
use events::{SectionId, TeamId, section, value::SectionKind};
use protocol::notice::{Audience, Notice, Scope};

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

/// Returns the kind of the section.
pub(super) async fn removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    removed: &section::Removed,
) -> Result<SectionKind, sqlx::Error> {
    let section = removed.section;
    let kind: Option<String> = sqlx::query_scalar("DELETE FROM section WHERE uid = $1 RETURNING kind")
        .bind(section.0)
        .fetch_optional(&mut *batch.db)
        .await?;
    let kind = kind_of(kind);
    let gone = Notice::SectionsDeleted { team, of: kind, sections: vec![section], gentime: ctx.gentime() };
    batch.emit(ctx, Scope::Team(team), Audience::All, gone);
    Ok(kind)
}

/// The kind of a section from its row; a section that is not in the table counts as one of contacts.
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
