//! What a task's history tells of its changes. How many messages an event becomes, and of which kinds, never depends on
//! what is sealed: a rebuild that cannot read it any more comes to the same numbers and ids.

use crate::{
    batch::{Batch, EventContext},
    projections::change_message::{name, place},
    error::ProjectionError,
};
use chrono::{DateTime, Utc};
use domain::task::title;
use events::{
    ContactId, GroupId, TeamId,
    chat::ChatRef,
    task::{Changed, Created, Status},
};
use protocol::message::{Change, ChangeKind};
use sqlx::Row;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Observers who come or go at once and are named; of more it is only said that there are.
const NAMED: usize = 10;

/// Where a task stood.
pub(super) struct PreviousStatus {
    pub(super) word: String,
    pub(super) done: bool,
}

/// What a task's rows say of its settings, as far as changes are told.
#[derive(Debug, PartialEq)]
pub(super) struct SettingsSnapshot {
    title: String,
    assignee: ContactId,
    observers: BTreeSet<ContactId>,
    public: bool,
    deadline: Option<DateTime<Utc>>,
    section: Option<(Uuid, String)>,
    tags: Vec<(Uuid, String)>,
    uploads: Vec<Uuid>,
    /// Importance, urgency, complexity, time spent.
    grades: [Option<i64>; 4],
}

/// What the rows say now.
pub(super) async fn settings_snapshot(
    batch: &mut Batch<'_>,
    task: GroupId,
) -> Result<SettingsSnapshot, sqlx::Error> {
    let row = sqlx::query(
        "SELECT t.*, c.public, c.description, s.name AS section_name, \
             ARRAY(SELECT upload FROM task_upload u WHERE u.task = t.key ORDER BY place) AS uploads, \
             ARRAY(SELECT g.uid FROM task_tag x JOIN tag g ON g.uid = x.tag WHERE x.task = t.key ORDER BY g.uid) AS tags, \
             ARRAY(SELECT g.name FROM task_tag x JOIN tag g ON g.uid = x.tag WHERE x.task = t.key ORDER BY g.uid) AS names \
         FROM task t JOIN chat c ON c.key = t.key LEFT JOIN section s ON s.uid = t.section WHERE t.key = $1",
    )
    .bind(task.0)
    .fetch_one(&mut *batch.db)
    .await?;
    let named = |uid: Option<Uuid>, name: Option<String>| uid.map(|uid| (uid, name.unwrap_or_default()));
    let names: Vec<String> = row.get("names");
    Ok(SettingsSnapshot {
        title: title(row.get("description")),
        assignee: ContactId(row.get("assignee")),
        observers: row.get::<Vec<Uuid>, _>("observers").into_iter().map(ContactId).collect(),
        public: row.get("public"),
        deadline: row.get("deadline"),
        section: named(row.get("section"), row.get("section_name")),
        tags: row.get::<Vec<Uuid>, _>("tags").into_iter().zip(names).collect(),
        uploads: row.get("uploads"),
        grades: ["importance", "urgency", "complexity", "spent_time"].map(|grade| row.get(grade)),
    })
}

/// It came to be.
pub(super) async fn begun(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    created: &Created,
) -> Result<(), ProjectionError> {
    let text = title(&created.settings.description.or_default());
    let change = Change { new: Some(text), ..blank(ChangeKind::Created, created.owner) };
    place(batch, ctx, created.team, vec![(ChatRef::Task(created.task), change)]).await
}

/// Its settings are others than `before`.
pub(super) async fn changed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    (team, task): (TeamId, GroupId),
    before: SettingsSnapshot,
    changed: &Changed,
) -> Result<(), ProjectionError> {
    let Some(actor) = ctx.meta.contact else { return Ok(()) };
    let after = settings_snapshot(batch, task).await?;
    let mut changes = vec![];
    if changed.described {
        let renamed = before.title != after.title;
        let [old, new] = [&before.title, &after.title].map(|title| renamed.then(|| title.clone()));
        changes.push(Change { old, new, ..blank(ChangeKind::Described, actor) });
    }
    changes.extend(people(batch, actor, &before, &after).await?);
    changes.extend(values(actor, &before, &after));
    // A colour, a message that it came from; or a description, told by an older program.
    if changes.is_empty() {
        changes.push(blank(ChangeKind::Settings, actor));
    }
    let changes = changes.into_iter().map(|change| (ChatRef::Task(task), change)).collect();
    place(batch, ctx, team, changes).await
}

/// It stands elsewhere than `before`.
pub(super) async fn stands(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: (TeamId, GroupId),
    before: PreviousStatus,
    now: &Status,
) -> Result<(), ProjectionError> {
    let word = now.word.or_default();
    let (what, old, new) = match (before.done, now.done) {
        (_, true) => (ChangeKind::Done, None, now.reason.as_ref().map(|reason| reason.or_default())),
        (true, false) => (ChangeKind::Reopened, None, Some(word)),
        (false, false) => (ChangeKind::Status, Some(before.word), Some(word)),
    };
    said(batch, ctx, task, |actor| Change { old, new, ..blank(what, actor) }).await
}

/// Its checklist is another one.
pub(super) async fn listed(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: (TeamId, GroupId),
) -> Result<(), ProjectionError> {
    said(batch, ctx, task, |actor| blank(ChangeKind::Checklist, actor)).await
}

/// A line of its checklist was ticked, or is open again.
pub(super) async fn checked(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: (TeamId, GroupId),
    line: Option<String>,
    checked: bool,
) -> Result<(), ProjectionError> {
    let what = if checked { ChangeKind::Ticked } else { ChangeKind::Unticked };
    said(batch, ctx, task, |actor| Change { new: line, ..blank(what, actor) }).await
}

/// Says one change, if it is known who made it: what the house does is no change that anybody made.
async fn said(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    (team, task): (TeamId, GroupId),
    change: impl FnOnce(ContactId) -> Change,
) -> Result<(), ProjectionError> {
    let Some(actor) = ctx.meta.contact else { return Ok(()) };
    place(batch, ctx, team, vec![(ChatRef::Task(task), change(actor))]).await
}

/// Who is to do it, and who follows it.
async fn people(
    batch: &mut Batch<'_>,
    actor: ContactId,
    before: &SettingsSnapshot,
    after: &SettingsSnapshot,
) -> Result<Vec<Change>, sqlx::Error> {
    let mut changes = vec![];
    if before.assignee != after.assignee {
        let (was, whom) = (Some(before.assignee), Some(after.assignee));
        let (old, new) = (name(batch, before.assignee).await?, name(batch, after.assignee).await?);
        changes.push(Change { was, whom, old, new, ..blank(ChangeKind::Assignee, actor) });
    }
    // Who is to do it from now on follows it in any case.
    let left = before.observers.difference(&after.observers).filter(|left| **left != after.assignee);
    let left: Vec<ContactId> = left.copied().collect();
    let came: Vec<ContactId> = after.observers.difference(&before.observers).copied().collect();
    if came.len() + left.len() > NAMED {
        changes.push(blank(ChangeKind::Observers, actor));
        return Ok(changes);
    }
    for (who, [by_others, by_oneself]) in came
        .into_iter()
        .map(|who| (who, [ChangeKind::Added, ChangeKind::Joined]))
        .chain(left.into_iter().map(|who| (who, [ChangeKind::Removed, ChangeKind::Left])))
    {
        let what = if who == actor { by_oneself } else { by_others };
        let new = name(batch, who).await?;
        changes.push(Change { whom: Some(who), new, ..blank(what, actor) });
    }
    Ok(changes)
}

/// Everything else.
fn values(actor: ContactId, before: &SettingsSnapshot, after: &SettingsSnapshot) -> Vec<Change> {
    let mut changes = vec![];
    let mut differ = |what: ChangeKind, old: Option<String>, new: Option<String>| {
        changes.push(Change { old, new, ..blank(what, actor) });
    };
    if before.deadline != after.deadline {
        let told = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M UTC").to_string();
        match after.deadline {
            Some(new) => differ(ChangeKind::Deadline, before.deadline.map(told), Some(told(new))),
            None => differ(ChangeKind::NoDeadline, None, None),
        }
    }
    if before.public != after.public {
        differ(if after.public { ChangeKind::MadePublic } else { ChangeKind::MadePrivate }, None, None);
    }
    let uid = |section: &Option<(Uuid, String)>| section.as_ref().map(|(uid, _)| *uid);
    if uid(&before.section) != uid(&after.section) {
        let title = |settings: &SettingsSnapshot| settings.section.as_ref().map(|(_, name)| name.clone());
        differ(ChangeKind::Section, title(before), title(after));
    }
    let uids = |tags: &[(Uuid, String)]| tags.iter().map(|(uid, _)| *uid).collect::<Vec<_>>();
    if uids(&before.tags) != uids(&after.tags) {
        differ(ChangeKind::Tags, words(&before.tags), words(&after.tags));
    }
    let kinds = [ChangeKind::Importance, ChangeKind::Urgency, ChangeKind::Complexity, ChangeKind::SpentTime];
    for (kind, (old, new)) in kinds.into_iter().zip(before.grades.into_iter().zip(after.grades)) {
        if old != new {
            differ(kind, old.map(|old| old.to_string()), new.map(|new| new.to_string()));
        }
    }
    if before.uploads != after.uploads {
        differ(ChangeKind::Files, None, None);
    }
    changes
}

/// Tags as people write them, alphabetically.
fn words(tags: &[(Uuid, String)]) -> Option<String> {
    let mut words: Vec<&str> = tags.iter().map(|(_, name)| name.as_str()).collect();
    words.sort_unstable();
    (!words.is_empty()).then(|| words.join(", "))
}

fn blank(what: ChangeKind, actor: ContactId) -> Change {
    Change { what, actor, whom: None, was: None, old: None, new: None }
}
