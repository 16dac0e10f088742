//! Tasks as one member sees them.

mod list;
mod parts;

pub use list::{TaskOrder, TaskQuery};

use crate::{ReadModel, Result, contact::Viewer, message::chat_ref};
use chrono::{DateTime, Utc};
use domain::task::{self, Actor, Role};
use events::{ContactId, GroupId, MessageId, TeamId, chat::ChatRef, value::ContactStatus};
use protocol::{Jid, chat::Chat, task::TaskTabKey};
use sqlx::{Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// A task with its conversation and what both are to the viewer, who is `$2`.
const SOURCE: &str = "task t JOIN chat c ON c.key = t.key \
    LEFT JOIN member m ON m.chat = t.key AND m.contact = $2 \
    LEFT JOIN reading r ON r.chat = t.key AND r.contact = $2 AND NOT r.away \
    LEFT JOIN own_chat o ON o.chat = t.key AND o.contact = $2";

/// What a view needs of [`SOURCE`]. `$3`: whether the viewer is more than a guest. A line that stands for a task which the
/// viewer does not see is never done for them.
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

impl ReadModel {
    /// The task of a team that an address or its bare uuid names, if it lives.
    ///
    /// # Errors
    /// The database failed.
    pub async fn task_is_of(&self, task: GroupId, team: TeamId) -> Result<bool> {
        let found: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM chat WHERE key = $1 AND team = $2 AND kind = 'task' AND NOT archived)",
        )
        .bind(task.0)
        .bind(team.0)
        .fetch_one(&self.pool)
        .await?;
        if !found {
            self.whole().await?;
        }
        Ok(found)
    }

    /// The task of that number in a team, if it lives, and whether the team sees it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn task_by_num(&self, team: TeamId, num: u32) -> Result<Option<(GroupId, bool)>> {
        let row = sqlx::query(
            "SELECT c.key, c.public FROM task t JOIN chat c ON c.key = t.key \
             WHERE t.team = $1 AND t.num = $2 AND NOT c.archived",
        )
        .bind(team.0)
        .bind(i64::from(num))
        .fetch_optional(&self.pool)
        .await?;
        if row.is_none() {
            self.whole().await?;
        }
        Ok(row.map(|row| (GroupId(row.get("key")), row.get("public"))))
    }

    /// When a team's tasks are due on their day: `HH:MM:SS`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn default_task_deadline(&self, team: TeamId) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("SELECT default_task_deadline FROM team WHERE uid = $1")
            .bind(team.0)
            .fetch_optional(&self.pool)
            .await?)
    }

    /// Which of these are contacts of the team, and whether they have left it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn former_or_not(&self, team: TeamId, ids: &[ContactId]) -> Result<HashMap<ContactId, bool>> {
        let rows = sqlx::query("SELECT uid, archived FROM contact WHERE team = $1 AND uid = ANY($2)")
            .bind(team.0)
            .bind(ids.iter().map(|id| id.0).collect::<Vec<Uuid>>())
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.iter().map(|row| (ContactId(row.get("uid")), row.get("archived"))).collect())
    }

    /// The conversations that messages of a team belong to.
    ///
    /// # Errors
    /// The database failed.
    pub async fn chats_of_messages(
        &self,
        team: TeamId,
        ids: &[MessageId],
    ) -> Result<HashMap<MessageId, ChatRef>> {
        let rows = sqlx::query(
            "SELECT m.uid, c.key, c.kind, c.low, c.high FROM message m JOIN chat c ON c.key = m.chat \
             WHERE m.team = $1 AND m.uid = ANY($2) AND NOT m.deleted",
        )
        .bind(team.0)
        .bind(ids.iter().map(|id| id.0).collect::<Vec<Uuid>>())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok((MessageId(row.get("uid")), chat_ref(row)?))).collect()
    }

    /// A task with all that belongs to it; `None` when it is archived, or none of the viewer's business. Those who run the
    /// team see all.
    ///
    /// # Errors
    /// The database failed.
    pub async fn task(&self, team: TeamId, task: GroupId, viewer: Viewer) -> Result<Option<Chat>> {
        self.whole_chat(team, viewer, ChatRef::Task(task)).await
    }

    /// Adds to the view of a task what lists of tasks do not have.
    pub(crate) async fn complete_task(
        &self,
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
            .fetch_optional(&self.pool)
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
    pub(crate) async fn add_tasks(&self, team: TeamId, viewer: Viewer, views: &mut [Chat]) -> Result<()> {
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
            .fetch_all(&self.pool)
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

/// What the viewer is to the task of a row.
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

fn more_than_guest(viewer: Viewer) -> bool {
    viewer.status >= ContactStatus::Member
}

fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A list that is left out when it is empty.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
