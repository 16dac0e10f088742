//! What happens around tasks: their time comes, their section, a file of theirs or their team is gone.

use super::{touch, updated};
use crate::batch::{Batch, EventContext};
use events::{GroupId, SectionId, TeamId, UploadId, task::DeadlinePassed};
use sqlx::Row;
use uuid::Uuid;

/// Its time is over, which whoever sees it is told.
pub(super) async fn deadline_passed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: GroupId,
    passed: &DeadlinePassed,
) -> Result<(), sqlx::Error> {
    let team = touch(batch, ctx, task).await?;
    sqlx::query(
        "UPDATE task SET expired = true, due = NULL WHERE key = $1 AND deadline = $2 AND done IS NULL",
    )
    .bind(task.0)
    .bind(passed.deadline)
    .execute(&mut *batch.db)
    .await?;
    updated(batch, ctx, team, task, vec![]);
    Ok(())
}

/// The deadlines of a team that is gone pass unnoticed.
pub(in super::super) async fn team_archived(batch: &mut Batch<'_>, team: TeamId) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE task SET due = NULL WHERE team = $1 AND due IS NOT NULL")
        .bind(team.0)
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}

/// Tasks that were in a section are in it no longer.
pub(in super::super) async fn section_gone(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    section: SectionId,
) -> Result<(), sqlx::Error> {
    let freed: Vec<Uuid> =
        sqlx::query_scalar("UPDATE task SET section = NULL WHERE team = $1 AND section = $2 RETURNING key")
            .bind(team.0)
            .bind(section.0)
            .fetch_all(&mut *batch.db)
            .await?;
    renewed(batch, ctx, freed).await
}

/// A file is gone, and with it from the tasks that it belonged to.
pub(in super::super) async fn file_gone(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    upload: UploadId,
) -> Result<(), sqlx::Error> {
    let lost: Vec<Uuid> = sqlx::query_scalar("DELETE FROM task_upload WHERE upload = $1 RETURNING task")
        .bind(upload.0)
        .fetch_all(&mut *batch.db)
        .await?;
    renewed(batch, ctx, lost).await
}

/// Gives tasks new versions and tells of those that live, in an order that a rebuild comes to as well.
async fn renewed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    mut tasks: Vec<Uuid>,
) -> Result<(), sqlx::Error> {
    if tasks.is_empty() {
        return Ok(());
    }
    tasks.sort_unstable();
    let rows = sqlx::query(
        "WITH new AS (UPDATE chat SET gentime = greatest(gentime + 1, $2) WHERE key = ANY($1) AND NOT archived \
             RETURNING key, team) SELECT key, team FROM new ORDER BY key",
    )
    .bind(&tasks)
    .bind(ctx.gentime())
    .fetch_all(&mut *batch.db)
    .await?;
    for row in &rows {
        updated(batch, ctx, TeamId(row.get("team")), GroupId(row.get("key")), vec![]);
    }
    Ok(())
}
