//! Parts of a task outside its row: its files; and, for the view of one task, its checklist, the checklists that contain
//! it, its linked messages and the links in its description.

use super::{SOURCE, TaskViews, count, more_than_guest};
use crate::{Result, message::forward, rights::Viewer, upload};
use domain::{
    link, mention,
    task::{self, Role},
};
use events::{ContactId, GroupId, TeamId, chat::ChatRef, value::ContactStatus};
use protocol::{
    ApiVersion, Jid,
    lang::Lang,
    message::{Message, MessageLink},
    task::{Subtask, TaskItem},
    upload::Upload,
};
use sqlx::{Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Tasks whose checklists one task stands in: more are not shown.
const PARENTS: i64 = 100;

/// Columns of a task's brief form.
const BRIEF: &str = "t.key, t.num, t.assignee, t.status, t.done IS NOT NULL AS is_done, c.display_name, c.description, \
    c.public";

/// Condition of the tasks that a viewer sees: `$3` is more than a guest, `$4` runs the team.
const SEEN: &str = "NOT c.archived AND (m.contact IS NOT NULL OR (c.public AND $3) OR $4)";

impl TaskViews<'_> {
    /// A task's checklist.
    pub(super) async fn task_items(
        self,
        team: TeamId,
        task: GroupId,
        viewer: Viewer,
        role: Role,
    ) -> Result<Vec<TaskItem>> {
        let rows = sqlx::query("SELECT * FROM task_item WHERE task = $1 ORDER BY place")
            .bind(task.0)
            .fetch_all(&self.0.pool)
            .await?;
        let numbers: Vec<i64> = rows.iter().filter_map(|row| row.get("reference")).collect();
        let subtasks = self.subtasks(team, &numbers, viewer).await?;
        let may = role.may_check().then_some(true);
        let item = |row: &PgRow| {
            let reference: Option<i64> = row.get("reference");
            let subtask = reference.and_then(|num| subtasks.get(&num));
            let checked = subtask.map_or(row.get("checked"), |(_, done)| *done);
            TaskItem {
                can_change: may,
                can_toggle: may.filter(|_| reference.is_none()),
                checked: checked.then_some(true),
                gentime: row.get("gentime"),
                sort_ordering: row.get::<i32, _>("place").unsigned_abs(),
                subtask: subtask.map(|(brief, _)| brief.clone()),
                text: row.get("body"),
                uid: row.get("uid"),
            }
        };
        Ok(rows.iter().map(item).collect())
    }

    /// The tasks of these numbers that the viewer sees, and whether they are done.
    async fn subtasks(
        self,
        team: TeamId,
        numbers: &[i64],
        viewer: Viewer,
    ) -> Result<HashMap<i64, (Subtask, bool)>> {
        if numbers.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!("SELECT {BRIEF} FROM {SOURCE} WHERE t.team = $1 AND t.num = ANY($5) AND {SEEN}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(team.0)
            .bind(viewer.contact.0)
            .bind(more_than_guest(viewer))
            .bind(viewer.status >= ContactStatus::Admin)
            .bind(numbers)
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows.iter().map(|row| (row.get("num"), (brief(row), row.get("is_done")))).collect())
    }

    /// The tasks whose checklists the task of a number stands in, as far as the viewer sees them.
    pub(super) async fn task_parents(self, team: TeamId, num: i64, viewer: Viewer) -> Result<Vec<Subtask>> {
        let sql = format!(
            "SELECT {BRIEF} FROM {SOURCE} WHERE t.team = $1 AND {SEEN} AND EXISTS \
                 (SELECT 1 FROM task_item i WHERE i.task = t.key AND i.reference = $5) ORDER BY t.num LIMIT $6"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(team.0)
            .bind(viewer.contact.0)
            .bind(more_than_guest(viewer))
            .bind(viewer.status >= ContactStatus::Admin)
            .bind(num)
            .bind(PARENTS)
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows.iter().map(brief).collect())
    }

    /// Links of a description: mentioned people under their current names, web addresses.
    pub(super) async fn links_of(self, team: TeamId, text: &str) -> Result<Vec<MessageLink>> {
        let named = mention::candidates(text);
        let mut links = vec![];
        if !named.is_empty() {
            let rows = sqlx::query(
                "SELECT uid, display_name FROM contact WHERE team = $1 AND mention = ANY($2) AND NOT archived \
                 ORDER BY since, uid",
            )
            .bind(team.0)
            .bind(mention::keys(&named))
            .fetch_all(&self.0.pool)
            .await?;
            let people: Vec<(ContactId, String)> =
                rows.iter().map(|row| (ContactId(row.get("uid")), row.get("display_name"))).collect();
            links.extend(mention::found(&named, &people).into_iter().map(|found| {
                let name = people.iter().find(|(uid, _)| *uid == found.who).map_or("", |(_, name)| name);
                MessageLink {
                    pattern: format!("@{}", found.written),
                    text: format!("@{name}"),
                    url: format!("otv://{}", Jid::Direct(found.who)),
                }
            }));
        }
        links.extend(link::addresses(text).into_iter().map(|address| MessageLink {
            pattern: address.to_owned(),
            text: address.to_owned(),
            url: address.to_owned(),
        }));
        Ok(links)
    }

    /// Files of tasks, in the order in which these name them.
    pub(super) async fn task_uploads(
        self,
        team: TeamId,
        tasks: Vec<Uuid>,
    ) -> Result<HashMap<Uuid, Vec<Upload>>> {
        let columns = upload::COLUMNS;
        let sql = format!(
            "SELECT a.task, {columns} FROM task_upload a JOIN upload u ON u.uid = a.upload \
             WHERE u.team = $1 AND a.task = ANY($2) ORDER BY a.task, a.place"
        );
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.0).bind(tasks).fetch_all(&self.0.pool).await?;
        let mut uploads: HashMap<Uuid, Vec<Upload>> = HashMap::new();
        for row in &rows {
            let shown = upload::neutral(row)?.shown(team, self.0.base_url());
            uploads.entry(row.get("task")).or_default().push(shown);
        }
        Ok(uploads)
    }

    /// Messages that a task was made from, as they were when the task linked them, in its order. Every viewer of the task
    /// sees them, without the conversation that they come from.
    pub(super) async fn task_messages(
        self,
        team: TeamId,
        task: GroupId,
        viewer: Viewer,
    ) -> Result<Vec<Message>> {
        let rows = sqlx::query(
            "SELECT f.*, c.gentime FROM forward f JOIN chat c ON c.key = f.message WHERE f.message = $1 AND f.team = $2 ORDER BY f.place",
        )
        .bind(task.0)
        .bind(team.0)
        .fetch_all(&self.0.pool)
        .await?;
        let seen = |row: &PgRow| {
            let message = forward(row, (team, ChatRef::Task(task), row.get("gentime")))?;
            let seen = message.render_for(viewer.contact, ApiVersion::V4, self.0.base_url(), Lang::default());
            Ok(Message { is_first: None, is_last: None, ..seen })
        };
        rows.iter().map(seen).collect()
    }
}

fn brief(row: &PgRow) -> Subtask {
    Subtask {
        assignee: Jid::Direct(ContactId(row.get("assignee"))),
        display_name: row.get("display_name"),
        jid: Jid::Task(GroupId(row.get("key"))),
        num: count(row.get("num")),
        public: row.get::<bool, _>("public").then_some(true),
        task_status: row.get("status"),
        title: task::title(row.get("description")),
    }
}
