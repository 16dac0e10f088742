//! The members of a task: owner, assignee and observers, if they are in the team.

use crate::{
    batch::{Batch, EventContext},
    projections::notices::task_updated,
};
use events::{ContactId, GroupId, TeamId, task::Settings, value::GroupStatus};
use uuid::Uuid;

/// A contact that has returned to the team becomes a member of its tasks again.
pub(in super::super) async fn contact_restored(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    team: TeamId,
    contact: ContactId,
) -> Result<(), sqlx::Error> {
    let mut tasks: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO member (chat, contact, status, joined_num) \
         SELECT t.key, $2, CASE WHEN t.owner = $2 THEN 'admin' ELSE 'member' END, c.last_num \
         FROM task t JOIN chat c ON c.key = t.key WHERE t.team = $1 AND NOT c.archived \
             AND (t.owner = $2 OR t.assignee = $2 OR $2 = ANY(t.observers)) \
         ON CONFLICT DO NOTHING RETURNING chat",
    )
    .bind(team.0)
    .bind(contact.0)
    .fetch_all(&mut *batch.db)
    .await?;
    tasks.sort_unstable();
    for task in tasks.into_iter().map(GroupId) {
        task_updated(batch, ctx, team, task, vec![contact]);
    }
    Ok(())
}

/// The new members of a task, and those that are members no more.
pub(super) struct MembershipDiff {
    pub(super) joined: Vec<ContactId>,
    pub(super) left: Vec<ContactId>,
}

/// Makes the owner, the assignee and the observers the only members.
pub(super) async fn sync_members(
    batch: &mut Batch<'_>,
    task: GroupId,
    settings: &Settings,
) -> Result<MembershipDiff, sqlx::Error> {
    let owner: Uuid = sqlx::query_scalar("SELECT owner FROM task WHERE key = $1")
        .bind(task.0)
        .fetch_one(&mut *batch.db)
        .await?;
    let mut wanted = vec![owner, settings.assignee.0];
    wanted.extend(settings.observers.iter().map(|observer| observer.0));
    let left: Vec<Uuid> = sqlx::query_scalar(
        "WITH gone AS (DELETE FROM member WHERE chat = $1 AND contact <> ALL($2) RETURNING contact) \
         SELECT contact FROM gone ORDER BY contact",
    )
    .bind(task.0)
    .bind(&wanted)
    .fetch_all(&mut *batch.db)
    .await?;
    let joined: Vec<Uuid> = sqlx::query_scalar(
        "WITH new AS (INSERT INTO member (chat, contact, status, joined_num) \
             SELECT c.key, k.uid, CASE WHEN k.uid = $3 THEN $4 ELSE $5 END, c.last_num \
             FROM chat c JOIN contact k ON k.team = c.team AND NOT k.archived \
             WHERE c.key = $1 AND k.uid = ANY($2) ON CONFLICT DO NOTHING RETURNING contact) \
         SELECT contact FROM new ORDER BY contact",
    )
    .bind(task.0)
    .bind(&wanted)
    .bind(owner)
    .bind(GroupStatus::Admin.word())
    .bind(GroupStatus::Member.word())
    .fetch_all(&mut *batch.db)
    .await?;
    let contacts = |ids: Vec<Uuid>| ids.into_iter().map(ContactId).collect::<Vec<_>>();
    Ok(MembershipDiff { joined: contacts(joined), left: contacts(left) })
}
