//! Tags of tasks. Removing a tag also removes it from its tasks.

use crate::batch::{Batch, EventContext};
use events::tag::{Created, Removed};
use protocol::notice::{Audience, Notice, Scope};

pub(super) async fn created(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    created: &Created,
) -> Result<(), sqlx::Error> {
    let name = created.name.or_default();
    sqlx::query("INSERT INTO tag (uid, team, name) VALUES ($1, $2, $3)")
        .bind(created.tag.0)
        .bind(created.team.0)
        .bind(&name)
        .execute(&mut *batch.db)
        .await?;
    let notice = Notice::TagUpdated { tag: created.tag, name };
    batch.emit(ctx, Scope::Team(created.team), Audience::All, notice);
    Ok(())
}

pub(super) async fn removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    removed: &Removed,
) -> Result<(), sqlx::Error> {
    for sql in ["DELETE FROM tag WHERE uid = $1", "DELETE FROM task_tag WHERE tag = $1"] {
        sqlx::query(sql).bind(removed.tag.0).execute(&mut *batch.db).await?;
    }
    let notice = Notice::TagDeleted { tag: removed.tag };
    batch.emit(ctx, Scope::Team(removed.team), Audience::All, notice);
    Ok(())
}
