//! Row versions of chats; groups and tasks are chats.

use crate::batch::{Batch, EventContext};
use events::{GroupId, TeamId};
use uuid::Uuid;

/// Gives a group or task a new version and returns its team.
pub(super) async fn touch(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    chat: GroupId,
) -> Result<TeamId, sqlx::Error> {
    let team: Uuid = sqlx::query_scalar(
        "UPDATE chat SET gentime = greatest(gentime + 1, $2) WHERE key = $1 RETURNING team",
    )
    .bind(chat.0)
    .bind(ctx.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    Ok(TeamId(team))
}
