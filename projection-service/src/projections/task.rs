//! Tasks. A task is a chat: its members are its owner, its assignee and its observers, if they are in the team.

mod history;
mod members;
mod removals;
mod source_messages;

pub(super) use members::contact_restored;
pub(super) use removals::{file_removed, section_removed, team_archived};

use super::{chat_version::touch, notices::task_updated};
use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
};
use domain::task::{reference, title};
use events::{
    ContactId, GroupId, TeamId,
    task::{
        Changed, Created, DeadlinePassed, Item, ItemChecked, ItemsReplaced, Settings, Status, StatusChanged,
    },
};
use members::{MembershipDiff, sync_members};
use protocol::notice::{Audience, Notice, Scope};
use sqlx::Row;

pub(super) async fn created(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    created: &Created,
) -> Result<(), ProjectionError> {
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
    .bind(ctx.meta.at)
    .bind(ctx.gentime())
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
    write_settings(batch, ctx, (team, task), &created.settings).await?;
    write_status(batch, ctx, task, &created.status).await?;
    write_items(batch, ctx, task, &created.items).await?;
    let MembershipDiff { joined, .. } = sync_members(batch, task, &created.settings).await?;
    task_updated(batch, ctx, team, task, joined);
    history::created(batch, ctx, created).await
}

/// Returns the contacts that are no members any more.
pub(super) async fn changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: GroupId,
    changed: &Changed,
) -> Result<Vec<ContactId>, ProjectionError> {
    let team = touch(batch, ctx, task).await?;
    let before = history::settings_snapshot(batch, task).await?;
    write_settings(batch, ctx, (team, task), &changed.settings).await?;
    let MembershipDiff { joined, left } = sync_members(batch, task, &changed.settings).await?;
    if !left.is_empty() {
        let deleted = Notice::TaskDeleted { task, left: left.clone(), gentime: ctx.gentime() };
        batch.emit(ctx, Scope::Team(team), Audience::Contacts(left.clone()), deleted);
    }
    task_updated(batch, ctx, team, task, joined);
    history::changed(batch, ctx, (team, task), before, changed).await?;
    Ok(left)
}

pub(super) async fn status_changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: GroupId,
    changed: &StatusChanged,
) -> Result<(), ProjectionError> {
    let team = touch(batch, ctx, task).await?;
    let before = write_status(batch, ctx, task, &changed.status).await?;
    task_updated(batch, ctx, team, task, vec![]);
    history::status_changed(batch, ctx, (team, task), before, &changed.status).await
}

pub(super) async fn items_replaced(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: GroupId,
    replaced: &ItemsReplaced,
) -> Result<(), ProjectionError> {
    let team = touch(batch, ctx, task).await?;
    write_items(batch, ctx, task, &replaced.items).await?;
    task_updated(batch, ctx, team, task, vec![]);
    history::items_replaced(batch, ctx, (team, task)).await
}

pub(super) async fn item_checked(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: GroupId,
    checked: &ItemChecked,
) -> Result<(), ProjectionError> {
    let team = touch(batch, ctx, task).await?;
    let text = write_item_checked(batch, ctx, task, checked).await?;
    task_updated(batch, ctx, team, task, vec![]);
    history::item_checked(batch, ctx, (team, task), text, checked.checked).await
}

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
    task_updated(batch, ctx, team, task, vec![]);
    Ok(())
}

/// Writes the settings into the task's two rows, its tags and its files. Sections, tags and files that do not exist any more
/// are left out: the client may have read the task before they were removed.
async fn write_settings(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    (team, task): (TeamId, GroupId),
    settings: &Settings,
) -> Result<(), sqlx::Error> {
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
        "UPDATE task SET assignee = $2, observers = $3, deadline = $4, color_index = $6, importance = $7, urgency = $8, \
             complexity = $9, spent_time = $10, linked = $11, \
             section = (SELECT uid FROM section WHERE uid = $5 AND kind = 'task'), \
             expired = CASE WHEN deadline IS NOT DISTINCT FROM $4 THEN expired \
                 ELSE done IS NULL AND coalesce($4 <= $12, false) END WHERE key = $1",
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
    .bind(ctx.meta.at)
    .execute(&mut *batch.db)
    .await?;
    source_messages::store(batch, (team, task), &settings.linked_messages).await?;
    schedule_deadline(batch, task).await?;
    sqlx::query("DELETE FROM task_tag WHERE task = $1").bind(task.0).execute(&mut *batch.db).await?;
    sqlx::query("INSERT INTO task_tag (task, tag) SELECT $1, uid FROM tag WHERE uid = ANY($2)")
        .bind(task.0)
        .bind(settings.tags.iter().map(|tag| tag.0).collect::<Vec<_>>())
        .execute(&mut *batch.db)
        .await?;
    sqlx::query("DELETE FROM task_upload WHERE task = $1").bind(task.0).execute(&mut *batch.db).await?;
    sqlx::query(
        "INSERT INTO task_upload (task, place, upload) SELECT $1, n.i - 1, u.uid \
         FROM unnest($2::uuid[]) WITH ORDINALITY AS n(uid, i) JOIN upload u ON u.uid = n.uid",
    )
    .bind(task.0)
    .bind(settings.uploads.iter().map(|upload| upload.0).collect::<Vec<_>>())
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

/// Sets the column `due`, by which the command service finds deadlines that pass: open tasks with a deadline ahead have it.
async fn schedule_deadline(batch: &mut Batch<'_>, task: GroupId) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE task SET due = CASE WHEN done IS NULL AND NOT expired THEN deadline END WHERE key = $1",
    )
    .bind(task.0)
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

/// Writes the status and returns the previous one. A done task keeps its first time of completion when its reason changes. A
/// task that is reopened after its deadline is expired.
async fn write_status(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: GroupId,
    status: &Status,
) -> Result<history::PreviousStatus, sqlx::Error> {
    let before = sqlx::query(
        "UPDATE task t SET status = $2, done = CASE WHEN $3 THEN coalesce(t.done, $4) END, done_reason = $5, \
             expired = CASE WHEN $3 THEN false WHEN t.done IS NULL THEN t.expired \
                 ELSE coalesce(t.deadline <= $4, false) END \
         FROM task before WHERE t.key = $1 AND before.key = $1 \
         RETURNING before.status AS word, before.done IS NOT NULL AS done",
    )
    .bind(task.0)
    .bind(status.word.or_default())
    .bind(status.done)
    .bind(ctx.meta.at)
    .bind(status.reason.as_ref().and_then(|reason| reason.value.clone()))
    .fetch_one(&mut *batch.db)
    .await?;
    schedule_deadline(batch, task).await?;
    Ok(history::PreviousStatus { word: before.get("word"), done: before.get("done") })
}

async fn write_items(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: GroupId,
    items: &[Item],
) -> Result<(), sqlx::Error> {
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
    .bind(ctx.gentime())
    .execute(&mut *batch.db)
    .await?;
    Ok(())
}

/// Checks or unchecks an item and returns its text.
async fn write_item_checked(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: GroupId,
    item: &ItemChecked,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "UPDATE task_item SET checked = $3, gentime = greatest(gentime + 1, $4) WHERE task = $1 AND uid = $2 \
         RETURNING body",
    )
    .bind(task.0)
    .bind(item.item.0)
    .bind(item.checked)
    .bind(ctx.gentime())
    .fetch_optional(&mut *batch.db)
    .await
}

pub(super) async fn archived(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: GroupId,
) -> Result<(), sqlx::Error> {
    let row = sqlx::query(
        "UPDATE chat SET archived = true, gentime = greatest(gentime + 1, $2) WHERE key = $1 RETURNING team, gentime",
    )
    .bind(task.0)
    .bind(ctx.gentime())
    .fetch_one(&mut *batch.db)
    .await?;
    sqlx::query("UPDATE task SET due = NULL WHERE key = $1").bind(task.0).execute(&mut *batch.db).await?;
    let deleted = Notice::TaskDeleted { task, left: vec![], gentime: row.get("gentime") };
    batch.emit(ctx, Scope::Team(TeamId(row.get("team"))), Audience::Group(task), deleted);
    Ok(())
}
