//! Tasks lose what is removed elsewhere: their section, their files, their team.

use crate::{
    batch::{Batch, EventContext},
    projections::notices::task_updated,
};
use events::{GroupId, SectionId, TeamId, UploadId};
use sqlx::Row;
use uuid::Uuid;

/// Cancels the deadlines of an archived team.
pub(in super::super) async fn team_archived(batch: &mut Batch<'_>, team: TeamId) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE task SET due = NULL WHERE team = $1 AND due IS NOT NULL")
        .bind(team.0)
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}

/// Takes a removed section from its tasks.
pub(in super::super) async fn section_removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    section: SectionId,
) -> Result<(), sqlx::Error> {
    let tasks: Vec<Uuid> =
        sqlx::query_scalar("UPDATE task SET section = NULL WHERE team = $1 AND section = $2 RETURNING key")
            .bind(team.0)
            .bind(section.0)
            .fetch_all(&mut *batch.db)
            .await?;
    touch_all(batch, ctx, tasks).await
}

/// Takes a removed file from its tasks.
pub(in super::super) async fn file_removed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    upload: UploadId,
) -> Result<(), sqlx::Error> {
    let tasks: Vec<Uuid> = sqlx::query_scalar("DELETE FROM task_upload WHERE upload = $1 RETURNING task")
        .bind(upload.0)
        .fetch_all(&mut *batch.db)
        .await?;
    touch_all(batch, ctx, tasks).await
}

/// Gives the tasks that are not archived new versions and emits their notices, in the order of their ids so that a rebuild
/// emits the same.
async fn touch_all(
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
        task_updated(batch, ctx, TeamId(row.get("team")), GroupId(row.get("key")), vec![]);
    }
    Ok(())
}
