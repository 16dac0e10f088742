//! Views of tasks: what a task adds to the view of its chat.

mod parts;

use crate::{ReadModel, Result, rights::Viewer};
use chrono::{DateTime, Utc};
use domain::task::{self, Actor, Role};
use events::{ContactId, GroupId, TeamId, value::ContactStatus};
use protocol::{Jid, chat::Chat, task::TaskTabKey};
use sqlx::{Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// A task with its conversation and what both are to the viewer, who is `$2`.
pub(crate) const SOURCE: &str = "task t JOIN chat c ON c.key = t.key \
    LEFT JOIN member m ON m.chat = t.key AND m.contact = $2 \
    LEFT JOIN reading r ON r.chat = t.key AND r.contact = $2 AND NOT r.away \
    LEFT JOIN own_chat o ON o.chat = t.key AND o.contact = $2";

/// Columns of a view from [`SOURCE`]. `$3`: the viewer is more than a guest. A checklist line that stands for a task is
/// never done for a viewer who does not see the task.
const COLUMNS: &str = "t.*, c.description, c.public, m.contact IS NOT NULL AS member, \
    (SELECT count(*) FROM task_item i WHERE i.task = t.key) AS items, \
    (SELECT count(*) FROM task_item i LEFT JOIN task s ON s.team = t.team AND s.num = i.reference \
        LEFT JOIN chat sc ON sc.key = s.key AND NOT sc.archived \
        LEFT JOIN member sm ON sm.chat = s.key AND sm.contact = $2 \
        WHERE i.task = t.key AND (i.checked OR \
            (s.done IS NOT NULL AND sc.key IS NOT NULL AND (sm.contact IS NOT NULL OR (sc.public AND $3))))) AS checked, \
    ARRAY(SELECT g.name FROM task_tag x JOIN tag g ON g.uid = x.tag WHERE x.task = t.key \
        ORDER BY lower(g.name), g.uid) AS tags, \
    (SELECT min(fire_at) FROM remind d WHERE d.chat = t.key AND d.contact = $2) AS remind_at";

/// Fields that a task adds to the view of its chat.
#[derive(Clone, Copy)]
pub(crate) struct TaskViews<'r>(pub(crate) &'r ReadModel);

impl TaskViews<'_> {
    /// Adds to the view of a task what lists of tasks do not have.
    pub(crate) async fn complete(
        self,
        team: TeamId,
        task: GroupId,
        viewer: Viewer,
        view: &mut Chat,
    ) -> Result<()> {
        let sql = format!("SELECT {COLUMNS} FROM {SOURCE} WHERE t.team = $1 AND t.key = $4");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(team.0)
            .bind(viewer.contact.0)
            .bind(more_than_guest(viewer))
            .bind(task.0)
            .fetch_optional(&self.0.pool)
            .await?;
        let Some((row, role)) = row.and_then(|row| role_in(&row, viewer).map(|role| (row, role))) else {
            return Ok(());
        };
        view.items = some(self.task_items(team, task, viewer, role).await?);
        view.parents = some(self.task_parents(team, row.get("num"), viewer).await?);
        view.links = some(self.links_of(team, row.get("description")).await?);
        view.linked_messages = some(self.task_messages(team, task, viewer).await?);
        Ok(())
    }

    /// Adds to those of the conversations that are tasks what only tasks have.
    pub(crate) async fn add_to(self, team: TeamId, viewer: Viewer, views: &mut [Chat]) -> Result<()> {
        let tasks = views.iter().filter_map(|view| task_of(view.jid));
        let tasks: Vec<Uuid> = tasks.map(|task| task.0).collect();
        if tasks.is_empty() {
            return Ok(());
        }
        let sql = format!("SELECT {COLUMNS} FROM {SOURCE} WHERE t.team = $1 AND t.key = ANY($4)");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(team.0)
            .bind(viewer.contact.0)
            .bind(more_than_guest(viewer))
            .bind(tasks)
            .fetch_all(&self.0.pool)
            .await?;
        let mut uploads = self.task_uploads(team, rows.iter().map(|row| row.get("key")).collect()).await?;
        let rows: HashMap<Uuid, &PgRow> = rows.iter().map(|row| (row.get("key"), row)).collect();
        for view in views {
            if let Some(row) = task_of(view.jid).and_then(|task| rows.get(&task.0))
                && let Some(role) = role_in(row, viewer)
            {
                dress(view, row, viewer, role);
                view.uploads = uploads.remove(&row.get("key"));
            }
        }
        Ok(())
    }
}

fn task_of(jid: Jid) -> Option<GroupId> {
    match jid {
        Jid::Task(task) => Some(task),
        Jid::Direct(_) | Jid::Group(_) => None,
    }
}

/// Adds to a conversation what a row of [`COLUMNS`] says of its task.
fn dress(view: &mut Chat, row: &PgRow, viewer: Viewer, role: Role) {
    let description: String = row.get("description");
    let flag = |is: bool| is.then_some(true);
    let time = |column| row.get::<Option<DateTime<Utc>>, _>(column).map(Into::into);
    let number = |column| row.get::<Option<i64>, _>(column).map(count);
    let jid = |contact: Uuid| Jid::Direct(ContactId(contact));
    let color_index = row.get::<Option<i32>, _>("color_index").and_then(|index| u16::try_from(index).ok());
    view.assignee = Some(jid(row.get("assignee")));
    view.can_delete = flag(role.may_delete());
    view.can_join = flag(role == Role::Onlooker);
    view.changeable_fields.extend(role.changeable_fields().iter().map(ToString::to_string));
    view.changeable_fields.sort_unstable();
    view.color_index = color_index;
    view.complexity = number("complexity");
    view.custom_color_index = color_index;
    view.deadline = time("deadline");
    view.deadline_expired = flag(row.get("expired"));
    view.done = time("done");
    view.done_reason = row.get("done_reason");
    view.importance = number("importance");
    view.num = Some(count(row.get("num")));
    view.num_checked_items = Some(count(row.get("checked")));
    view.num_items = Some(count(row.get("items")));
    view.observers = some(row.get::<Vec<Uuid>, _>("observers").into_iter().map(jid).collect());
    view.owner = Some(jid(row.get("owner")));
    view.remind_at = time("remind_at");
    view.section = row.get("section");
    view.spent_time = number("spent_time");
    view.status = None;
    view.tabs = some(tabs(row, viewer.contact));
    view.tags = some(row.get("tags"));
    view.task_status = row.get("status");
    view.title = Some(task::title(&description));
    view.urgency = number("urgency");
}

/// The viewer's role in the task of a row.
fn role_in(row: &PgRow, viewer: Viewer) -> Option<Role> {
    let is = |contact: Uuid| contact == viewer.contact.0;
    let actor = Actor { contact: viewer.contact, status: viewer.status };
    let observes = row.get::<Vec<Uuid>, _>("observers").into_iter().any(is);
    task::role(
        actor,
        ContactId(row.get("owner")),
        ContactId(row.get("assignee")),
        observes,
        row.get("public"),
    )
}

/// The tabs that show the task of a row to a contact; as SQL see `list.rs`.
fn tabs(row: &PgRow, viewer: ContactId) -> Vec<TaskTabKey> {
    let is = |column| row.get::<Uuid, _>(column) == viewer.0;
    let (own, mine) = (is("owner"), is("assignee"));
    if !row.get::<bool, _>("member") {
        return vec![];
    }
    let open = row.get::<Option<DateTime<Utc>>, _>("done").is_none();
    let shown = |tab: &TaskTabKey| match tab {
        TaskTabKey::Active => open,
        TaskTabKey::Expired => row.get("expired"),
        TaskTabKey::In => open && mine,
        TaskTabKey::Out => open && own,
        TaskTabKey::Copy => open && !own && !mine,
        TaskTabKey::Done => !open,
    };
    TaskTabKey::ALL.into_iter().filter(shown).collect()
}

pub(crate) fn more_than_guest(viewer: Viewer) -> bool {
    viewer.status >= ContactStatus::Member
}

pub(crate) fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A list that is left out when it is empty.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
