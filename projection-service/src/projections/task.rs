//! Tasks. A task is a conversation too: its members are its owner, its assignee and its observers, as far as they are in
//! the team.

use super::reading;
use crate::{
    batch::{At, Batch},
    projector::ProjectionError,
};
use domain::task::{reference, title};
use events::{
    ContactId, GroupId, TaskEvent, TeamId,
    task::{Created, Item, ItemChecked, Settings, Status},
    value::GroupStatus,
};
use protocol::notice::{Audience, Notice, Scope};
use sqlx::Row;
use uuid::Uuid;

pub(super) async fn apply(
    batch: &mut Batch<'_>,
    at: At<'_>,
    task: GroupId,
    event: &TaskEvent,
) -> Result<(), ProjectionError> {
    match event {
        TaskEvent::Created(created) => create(batch, at, created).await?,
        TaskEvent::Changed(changed) => change(batch, at, task, &changed.settings).await?,
        TaskEvent::StatusChanged(changed) => {
            let team = touch(batch, at, task).await?;
            stand(batch, at, task, &changed.status).await?;
            updated(batch, at, team, task, vec![]);
        }
        TaskEvent::ItemsReplaced(replaced) => {
            let team = touch(batch, at, task).await?;
            list(batch, at, task, &replaced.items).await?;
            updated(batch, at, team, task, vec![]);
        }
        TaskEvent::ItemChecked(checked) => {
            let team = touch(batch, at, task).await?;
            check(batch, at, task, checked).await?;
            updated(batch, at, team, task, vec![]);
        }
        TaskEvent::Archived(_) => archive(batch, at, task).await?,
    }
    Ok(())
}

/// Somebody is in the team again: what concerned it before concerns it now.
pub(super) async fn contact_restored(
    batch: &mut Batch<'_>,
    at: At<'_>,
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
        updated(batch, at, team, task, vec![contact]);
    }
    Ok(())
}

async fn create(batch: &mut Batch<'_>, at: At<'_>, created: &Created) -> Result<(), sqlx::Error> {
    let (task, team) = (created.task, created.team);
    let num: i64 = sqlx::query_scalar(
        "INSERT INTO task_num AS n (team, num) VALUES ($1, 1) \
         ON CONFLICT (team) DO UPDATE SET num = n.num + 1 RETURNING num",
    )
    .bind(team.0)
    .fetch_one(&mut *batch.db)
    .await?;
    sqlx::query(
        "INSERT INTO chat (key, team, kind, colour, created, gentime) VALUES ($1, $2, 'task', $3, $4, $5)",
    )
    .bind(task.0)
    .bind(team.0)
    .bind(i16::from(task.0.as_bytes()[0] % 7))
    .bind(at.meta.at)
    .bind(at.gentime())
    .execute(&mut *batch.db)
    .await?;
    sqlx::query(
        "INSERT INTO task (key, team, num, owner, assignee, observers, status, linked) \
         VALUES ($1, $2, $3, $4, $5, '{}', '', '{}')",
    )
    .bind(task.0)
    .bind(team.0)
    .bind(num)
    .bind(created.owner.0)
    .bind(created.settings.assignee.0)
    .execute(&mut *batch.db)
    .await?;
    set(batch, task, &created.settings).await?;
    stand(batch, at, task, &created.status).await?;
    list(batch, at, task, &created.items).await?;
    let Circle { joined, .. } = gather(batch, task, &created.settings).await?;
    updated(batch, at, team, task, joined);
    Ok(())
}

async fn change(
    batch: &mut Batch<'_>,
    at: At<'_>,
    task: GroupId,
    settings: &Settings,
) -> Result<(), sqlx::Error> {
    let team = touch(batch, at, task).await?;
    set(batch, task, settings).await?;
    let Circle { joined, left } = gather(batch, task, settings).await?;
    if !left.is_empty() {
        let gone = Notice::TaskDeleted { task, left: left.clone(), gentime: at.gentime() };
        batch.tell(at, Scope::Team(team), Audience::Contacts(left), gone);
    }
    updated(batch, at, team, task, joined);
    Ok(())
}

/// Writes the settings into the two rows of a task, and its tags.
async fn set(batch: &mut Batch<'_>, task: GroupId, settings: &Settings) -> Result<(), sqlx::Error> {
    let description = settings.description.or_default();
    sqlx::query(
        "UPDATE chat c SET description = $2, display_name = t.num || '. ' || $3::text, public = $4 \
         FROM task t WHERE t.key = c.key AND c.key = $1",
    )
    .bind(task.0)
    .bind(&description)
    .bind(title(&description))
    .bind(settings.public)
    .execute(&mut *batch.db)
    .await?;
    sqlx::query(
        "UPDATE task SET assignee = $2, observers = $3, deadline = $4, section = $5, color_index = $6, \
             importance = $7, urgency = $8, complexity = $9, spent_time = $10, linked = $11 WHERE key = $1",
    )
    .bind(task.0)
    .bind(settings.assignee.0)
    .bind(settings.observers.iter().map(|observer| observer.0).collect::<Vec<_>>())
    .bind(settings.deadline)
    .bind(settings.section.map(|section| section.0))
    .bind(settings.color_index.map(i32::from))
    .bind(settings.importance.map(i64::from))
    .bind(settings.urgency.map(i64::from))
    .bind(settings.complexity.map(i64::from))
    .bind(settings.spent_time.map(i64::from))
    .bind(settings.linked_messages.iter().map(|message| message.0).collect::<Vec<_>>())
    .execute(&mut *batch.db)
    .await?;
    sqlx::query("DELETE FROM task_tag WHERE task = $1").bind(task.0).execute(&mut *batch.db).await?;
    // A tag may have gone since the task was read by whoever changed it.
    sqlx::query("INSERT INTO task_tag (task, tag) SELECT $1, uid FROM tag WHERE uid = ANY($2)")
        .bind(task.0)
        .bind(settings.tags.iter().map(|tag| tag.0).collect::<Vec<_>>())
        .execute(&mut *batch.db)
        .await?;
    Ok(())
}

/// Where it stands. What is done was done when that was said first, also if another reason is given later.
async fn stand(batch: &mut Batch<'_>, at: At<'_>, task: GroupId, status: &Status) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE task SET status = $2, done = CASE WHEN $3 THEN coalesce(done, $4) END, done_reason = $5 \
         WHERE key = $1",
    )
    .bind(task.0)
    .bind(status.word.or_default())
    .bind(status.done)
    .bind(at.meta.at)
    .bind(status.reason.as_ref().and_then(|reason| reason.value.clone()))
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

async fn list(batch: &mut Batch<'_>, at: At<'_>, task: GroupId, items: &[Item]) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM task_item WHERE task = $1").bind(task.0).execute(&mut *batch.db).await?;
    let texts: Vec<String> = items.iter().map(|item| item.text.or_default()).collect();
    sqlx::query(
        "INSERT INTO task_item (task, place, uid, body, reference, checked, gentime) \
         SELECT $1, i - 1, uid, body, reference, checked, $6 \
         FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::bool[]) WITH ORDINALITY AS n(uid, body, reference, checked, i)",
    )
    .bind(task.0)
    .bind(items.iter().map(|item| item.item.0).collect::<Vec<_>>())
    .bind(&texts)
    .bind(texts.iter().map(|text| reference(text).map(i64::from)).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.checked).collect::<Vec<_>>())
    .bind(at.gentime())
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

async fn check(
    batch: &mut Batch<'_>,
    at: At<'_>,
    task: GroupId,
    item: &ItemChecked,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE task_item SET checked = $3, gentime = greatest(gentime + 1, $4) WHERE task = $1 AND uid = $2",
    )
    .bind(task.0)
    .bind(item.item.0)
    .bind(item.checked)
    .bind(at.gentime())
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

/// Whom a task concerns now and did not before, and the other way round.
struct Circle {
    joined: Vec<ContactId>,
    left: Vec<ContactId>,
}

/// Makes those whom the task concerns its members.
async fn gather(batch: &mut Batch<'_>, task: GroupId, settings: &Settings) -> Result<Circle, sqlx::Error> {
    let owner: Uuid = sqlx::query_scalar("SELECT owner FROM task WHERE key = $1")
        .bind(task.0)
        .fetch_one(&mut *batch.db)
        .await?;
    let mut circle = vec![owner, settings.assignee.0];
    circle.extend(settings.observers.iter().map(|observer| observer.0));
    let left: Vec<Uuid> = sqlx::query_scalar(
        "WITH gone AS (DELETE FROM member WHERE chat = $1 AND contact <> ALL($2) RETURNING contact) \
         SELECT contact FROM gone ORDER BY contact",
    )
    .bind(task.0)
    .bind(&circle)
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
    .bind(&circle)
    .bind(owner)
    .bind(GroupStatus::Admin.word())
    .bind(GroupStatus::Member.word())
    .fetch_all(&mut *batch.db)
    .await?;
    let contacts = |ids: Vec<Uuid>| ids.into_iter().map(ContactId).collect::<Vec<_>>();
    let circle = Circle { joined: contacts(joined), left: contacts(left) };
    reading::left(batch, task, &circle.left).await?;
    Ok(circle)
}

async fn archive(batch: &mut Batch<'_>, at: At<'_>, task: GroupId) -> Result<(), sqlx::Error> {
    let row = sqlx::query(
        "UPDATE chat SET archived = true, gentime = greatest(gentime + 1, $2) WHERE key = $1 RETURNING team, gentime",
    )
    .bind(task.0)
    .bind(at.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    let gone = Notice::TaskDeleted { task, left: vec![], gentime: row.get("gentime") };
    batch.tell(at, Scope::Team(TeamId(row.get("team"))), Audience::Group(task), gone);
    Ok(())
}

/// Gives the task a new version and returns its team.
async fn touch(batch: &mut Batch<'_>, at: At<'_>, task: GroupId) -> Result<TeamId, sqlx::Error> {
    let team: Uuid = sqlx::query_scalar(
        "UPDATE chat SET gentime = greatest(gentime + 1, $2) WHERE key = $1 RETURNING team",
    )
    .bind(task.0)
    .bind(at.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    Ok(TeamId(team))
}

fn updated(batch: &mut Batch<'_>, at: At<'_>, team: TeamId, task: GroupId, joined: Vec<ContactId>) {
    batch.tell(at, Scope::Team(team), Audience::Group(task), Notice::TaskUpdated { task, joined });
}
