//! Contacts that join or leave the team join or leave its groups and tasks.

use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
    projections::{change_message, notices},
};
use events::{ContactId, GroupId, TeamId, chat::ChatRef};
use protocol::message::ChangeKind;
use sqlx::Row;
use uuid::Uuid;

/// Makes a contact a member of the team's groups for all. They get no unread messages from before.
pub(in super::super) async fn join_default_groups(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    contact: ContactId,
) -> Result<(), ProjectionError> {
    let mut groups: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO member (chat, contact, status, joined_num) \
         SELECT key, $2, 'member', last_num FROM chat \
         WHERE team = $1 AND kind = 'group' AND default_for_all AND NOT archived \
         ON CONFLICT DO NOTHING RETURNING chat",
    )
    .bind(team.0)
    .bind(contact.0)
    .fetch_all(&mut *batch.db)
    .await?;
    groups.sort_unstable();
    let groups: Vec<GroupId> = groups.into_iter().map(GroupId).collect();
    for group in &groups {
        notices::group_updated(batch, ctx, team, *group, vec![contact]);
    }
    let chats: Vec<ChatRef> = groups.into_iter().map(ChatRef::Group).collect();
    change_message::membership(batch, ctx, team, &chats, (contact, ChangeKind::Added)).await
}

/// A group or task that a contact has left together with the team.
pub(in super::super) struct LeftChat {
    chat: GroupId,
    is_task: bool,
}

/// Removes a contact from all its groups and tasks. Each group is marked in `membership_due` until its own stream says so.
pub(in super::super) async fn leave_all(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    contact: ContactId,
) -> Result<Vec<LeftChat>, sqlx::Error> {
    let left = sqlx::query(
        "WITH gone AS (DELETE FROM member WHERE contact = $1 RETURNING chat), \
         due AS (INSERT INTO membership_due (chat, contact, stays) SELECT c.key, $1, false FROM gone \
             JOIN chat c ON c.key = gone.chat WHERE c.kind = 'group' AND NOT c.archived \
             ON CONFLICT (chat, contact) DO UPDATE SET stays = false), \
         touched AS (UPDATE chat c SET gentime = greatest(c.gentime + 1, $2) FROM gone \
             WHERE c.key = gone.chat AND NOT c.archived RETURNING c.key, c.kind = 'task' AS is_task) \
         SELECT key, is_task FROM touched ORDER BY key",
    )
    .bind(contact.0)
    .bind(ctx.gentime())
    .fetch_all(&mut *batch.db)
    .await?;
    Ok(left
        .iter()
        .map(|row| LeftChat { chat: GroupId(row.get("key")), is_task: row.get("is_task") })
        .collect())
}

/// Emits the notices of the groups and tasks that a contact has left.
pub(in super::super) fn announce_departures(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    left: Vec<LeftChat>,
) {
    for LeftChat { chat, is_task } in left {
        match is_task {
            true => notices::task_updated(batch, ctx, team, chat, vec![]),
            false => notices::group_updated(batch, ctx, team, chat, vec![]),
        }
    }
}

/// Prepares the return of a contact to the groups for all. A departure that a group's own stream has not recorded yet is
/// cancelled; for the other groups, `membership_due` asks their streams to record the return.
pub(in super::super) async fn expect_rejoin(
    batch: &mut Batch<'_>,
    team: TeamId,
    contact: ContactId,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "WITH cancelled AS (DELETE FROM membership_due d USING chat c \
             WHERE d.contact = $2 AND c.key = d.chat AND c.default_for_all RETURNING d.chat) \
         INSERT INTO membership_due (chat, contact, stays) SELECT key, $2, true FROM chat \
         WHERE team = $1 AND kind = 'group' AND default_for_all AND NOT archived \
             AND key NOT IN (SELECT chat FROM cancelled)",
    )
    .bind(team.0)
    .bind(contact.0)
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}
