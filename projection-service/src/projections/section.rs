//! Sections of contacts.

use crate::batch::{At, Batch};
use events::{TeamId, section};
use protocol::notice::{Audience, Notice, Scope};

pub(super) async fn created(
    batch: &mut Batch<'_>,
    at: At<'_>,
    team: TeamId,
    created: &section::Created,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO read.section (uid, team, name, sort_ordering, gentime) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(created.section.0)
    .bind(team.0)
    .bind(created.name.or_default())
    .bind(created.sort_ordering.cast_signed())
    .bind(at.gentime())
    .execute(&mut *batch.db)
    .await?;
    let notice = Notice::SectionsUpdated { team, sections: vec![created.section] };
    batch.tell(at, Scope::Team(team), Audience::All, notice);
    Ok(())
}
