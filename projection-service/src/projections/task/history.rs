//! Change messages in the history of a task. Their number and kinds do not depend on sealed values: a rebuild that cannot
//! decrypt them produces the same message numbers and ids.

use crate::{
    batch::{Batch, EventContext},
    error::ProjectionError,
    projections::change_message::{insert, name},
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

/// Maximum changes of observers in one event that get a message each; more are summed up in one message.
const MAX_NAMED_OBSERVERS: usize = 10;

/// The status of a task before an event.
pub(super) struct PreviousStatus {
    pub(super) word: String,
    pub(super) done: bool,
}

/// The settings of a task whose changes appear in its history.
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

/// Reads the current settings.
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

pub(super) async fn created(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    created: &Created,
) -> Result<(), ProjectionError> {
    let text = title(&created.settings.description.or_default());
    let change = Change { new: Some(text), ..change(ChangeKind::Created, created.owner) };
    insert(batch, ctx, created.team, vec![(ChatRef::Task(created.task), change)]).await
}

/// `before` are the settings before the event.
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
        changes.push(Change { old, new, ..change(ChangeKind::Described, actor) });
    }
    changes.extend(people_changes(batch, actor, &before, &after).await?);
    changes.extend(value_changes(actor, &before, &after));
    // The colour or a source message has changed; or the description, in an event of an older program.
    if changes.is_empty() {
        changes.push(change(ChangeKind::Settings, actor));
    }
    let changes = changes.into_iter().map(|change| (ChatRef::Task(task), change)).collect();
    insert(batch, ctx, team, changes).await
}

pub(super) async fn status_changed(
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
    insert_one(batch, ctx, task, |actor| Change { old, new, ..change(what, actor) }).await
}

pub(super) async fn items_replaced(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: (TeamId, GroupId),
) -> Result<(), ProjectionError> {
    insert_one(batch, ctx, task, |actor| change(ChangeKind::Checklist, actor)).await
}

pub(super) async fn item_checked(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    task: (TeamId, GroupId),
    text: Option<String>,
    checked: bool,
) -> Result<(), ProjectionError> {
    let what = if checked { ChangeKind::Ticked } else { ChangeKind::Unticked };
    insert_one(batch, ctx, task, |actor| Change { new: text, ..change(what, actor) }).await
}

/// Inserts one change message. An event without an actor is the system's own and gets none.
async fn insert_one(
    batch: &mut Batch<'_>,
    ctx: EventContext<'_>,
    (team, task): (TeamId, GroupId),
    message: impl FnOnce(ContactId) -> Change,
) -> Result<(), ProjectionError> {
    let Some(actor) = ctx.meta.contact else { return Ok(()) };
    insert(batch, ctx, team, vec![(ChatRef::Task(task), message(actor))]).await
}

/// Changes of assignee and observers.
async fn people_changes(
    batch: &mut Batch<'_>,
    actor: ContactId,
    before: &SettingsSnapshot,
    after: &SettingsSnapshot,
) -> Result<Vec<Change>, sqlx::Error> {
    let mut changes = vec![];
    if before.assignee != after.assignee {
        let (was, whom) = (Some(before.assignee), Some(after.assignee));
        let (old, new) = (name(batch, before.assignee).await?, name(batch, after.assignee).await?);
        changes.push(Change { was, whom, old, new, ..change(ChangeKind::Assignee, actor) });
    }
    // An observer who becomes the assignee does not leave.
    let left = before.observers.difference(&after.observers).filter(|left| **left != after.assignee);
    let left: Vec<ContactId> = left.copied().collect();
    let joined: Vec<ContactId> = after.observers.difference(&before.observers).copied().collect();
    if joined.len() + left.len() > MAX_NAMED_OBSERVERS {
        changes.push(change(ChangeKind::Observers, actor));
        return Ok(changes);
    }
    for (who, [by_others, by_themselves]) in joined
        .into_iter()
        .map(|who| (who, [ChangeKind::Added, ChangeKind::Joined]))
        .chain(left.into_iter().map(|who| (who, [ChangeKind::Removed, ChangeKind::Left])))
    {
        let what = if who == actor { by_themselves } else { by_others };
        let new = name(batch, who).await?;
        changes.push(Change { whom: Some(who), new, ..change(what, actor) });
    }
    Ok(changes)
}

/// Changes of the other settings.
fn value_changes(actor: ContactId, before: &SettingsSnapshot, after: &SettingsSnapshot) -> Vec<Change> {
    let mut changes = vec![];
    let mut differ = |what: ChangeKind, old: Option<String>, new: Option<String>| {
        changes.push(Change { old, new, ..change(what, actor) });
    };
    if before.deadline != after.deadline {
        let format = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M UTC").to_string();
        match after.deadline {
            Some(new) => differ(ChangeKind::Deadline, before.deadline.map(format), Some(format(new))),
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
        differ(ChangeKind::Tags, tag_names(&before.tags), tag_names(&after.tags));
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

/// The names of tags, in alphabetical order.
fn tag_names(tags: &[(Uuid, String)]) -> Option<String> {
    let mut names: Vec<&str> = tags.iter().map(|(_, name)| name.as_str()).collect();
    names.sort_unstable();
    (!names.is_empty()).then(|| names.join(", "))
}

fn change(what: ChangeKind, actor: ContactId) -> Change {
    Change { what, actor, whom: None, was: None, old: None, new: None }
}
