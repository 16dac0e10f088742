//! Pages of tasks, and the tabs that they are shown under.

use super::Tasks;
use crate::{
    Result,
    rights::TeamMember,
    task_view::{SOURCE, count, more_than_guest},
};
use events::{ContactId, GroupId, SectionId};
use protocol::{Jid, chat::Chat, task::TaskTabKey};
use sqlx::Row;
use uuid::Uuid;

/// Tasks of one tab that are named as unread.
const UNREAD_NAMED: i64 = 200;

/// Filter and order of a list of tasks; an absent field does not filter.
#[derive(Clone, Debug, Default)]
pub struct TaskQuery {
    /// Shown under this tab.
    pub tab: Option<TaskTabKey>,
    /// To be done by one of these.
    pub assignees: Option<Vec<ContactId>>,
    /// Made by one of these.
    pub owners: Option<Vec<ContactId>>,
    /// With one of these tags: names or uids; no names: without any.
    pub tags: Option<Vec<String>>,
    /// In one of these sections; none of them: in none.
    pub sections: Option<Vec<SectionId>>,
    /// With one of these words for where they stand.
    pub statuses: Option<Vec<String>>,
    /// With these words in the description, or with this number.
    pub text: Option<String>,
    /// With a version greater than this.
    pub newer_than: Option<i64>,
    /// The order.
    pub order: TaskOrder,
    /// How many at most.
    pub limit: u32,
    /// How many come before.
    pub offset: u64,
}

/// An order of tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskOrder {
    /// The one with the newest message or change first.
    #[default]
    Activity,
    /// The most urgent first, those without a deadline last.
    Deadline,
    /// The youngest first.
    New,
    /// The oldest first.
    Old,
    /// The last one that was done first.
    Done,
}

impl TaskOrder {
    const fn sql(self) -> &'static str {
        match self {
            Self::Activity => "c.gentime DESC, t.num DESC",
            Self::Deadline => "t.deadline NULLS LAST, t.num",
            Self::New => "t.num DESC",
            Self::Old => "t.num",
            Self::Done => "t.done DESC NULLS LAST, t.num DESC",
        }
    }
}

/// SQL condition of the tasks in a tab; `tabs` in `task.rs` has the same rules in Rust.
const fn shown_in(tab: Option<TaskTabKey>) -> &'static str {
    match tab {
        None => "true",
        Some(TaskTabKey::Active) => "m.contact IS NOT NULL AND t.done IS NULL",
        Some(TaskTabKey::Expired) => "m.contact IS NOT NULL AND t.expired",
        Some(TaskTabKey::In) => "m.contact IS NOT NULL AND t.done IS NULL AND t.assignee = $2",
        Some(TaskTabKey::Out) => "m.contact IS NOT NULL AND t.done IS NULL AND t.owner = $2",
        Some(TaskTabKey::Copy) => {
            "m.contact IS NOT NULL AND t.done IS NULL AND t.owner <> $2 AND t.assignee <> $2"
        }
        Some(TaskTabKey::Done) => "m.contact IS NOT NULL AND t.done IS NOT NULL",
    }
}

/// Whether a task has messages that its member has not read: as many as there are with [`crate::reading::UNREAD`].
const IS_UNREAD: &str = "c.last_num > greatest(coalesce(r.num, 0), m.joined_num, c.swept) AND EXISTS (\
    SELECT 1 FROM message n WHERE n.chat = c.key AND n.counts \
        AND n.num > greatest(coalesce(r.num, 0), m.joined_num, c.swept))";

/// Tasks that the viewer, `$2`, sees and that fit the query. `$3`: whether the viewer is more than a guest.
const FITS: &str = "t.team = $1 AND NOT c.archived AND (m.contact IS NOT NULL OR (c.public AND $3)) \
    AND ($4::uuid[] IS NULL OR t.assignee = ANY($4)) AND ($5::uuid[] IS NULL OR t.owner = ANY($5)) \
    AND ($6::text[] IS NULL OR CASE WHEN cardinality($6) = 0 \
        THEN NOT EXISTS (SELECT 1 FROM task_tag x JOIN tag g ON g.uid = x.tag WHERE x.task = t.key) \
        ELSE EXISTS (SELECT 1 FROM task_tag x JOIN tag g ON g.uid = x.tag \
            WHERE x.task = t.key AND (folded(g.name) = ANY (SELECT folded(w) FROM unnest($6) w) \
                OR g.uid::text = ANY($6))) END) \
    AND ($7::uuid[] IS NULL OR CASE WHEN cardinality($7) = 0 THEN t.section IS NULL ELSE t.section = ANY($7) END) \
    AND ($8::text[] IS NULL OR t.status = ANY($8)) \
    AND ($9::text IS NULL OR position(folded($9) IN folded(c.display_name || E'\\n' || c.description)) > 0) \
    AND ($10::bigint IS NULL OR greatest(c.gentime, r.gentime, o.gentime) > $10)";

impl Tasks<'_> {
    /// A page of a team's tasks that concern a contact or are public, and how many there are in all.
    pub async fn page(self, member: &TeamMember, query: &TaskQuery) -> Result<(Vec<Chat>, u64)> {
        let which = format!("FROM {SOURCE} WHERE {FITS} AND {}", shown_in(query.tab));
        let ids = |ids: &Option<Vec<ContactId>>| {
            ids.as_ref().map(|ids| ids.iter().map(|id| id.0).collect::<Vec<Uuid>>())
        };
        let sections = query.sections.as_ref().map(|ids| ids.iter().map(|id| id.0).collect::<Vec<Uuid>>());
        let tags =
            query.tags.as_ref().map(|tags| tags.iter().map(|tag| tag.to_lowercase()).collect::<Vec<_>>());
        macro_rules! bound {
            ($sql:expr, $with:ident) => {
                sqlx::$with(sqlx::AssertSqlSafe($sql))
                    .bind(member.team.0)
                    .bind(member.contact.0)
                    .bind(more_than_guest(member.viewer()))
                    .bind(ids(&query.assignees))
                    .bind(ids(&query.owners))
                    .bind(&tags)
                    .bind(&sections)
                    .bind(&query.statuses)
                    .bind(&query.text)
                    .bind(query.newer_than)
            };
        }
        let count: i64 =
            bound!(format!("SELECT count(*) {which}"), query_scalar).fetch_one(&self.0.pool).await?;
        let page = format!("SELECT t.key {which} ORDER BY {} LIMIT $11 OFFSET $12", query.order.sql());
        let keys: Vec<Uuid> = bound!(page, query_scalar)
            .bind(i64::from(query.limit))
            .bind(i64::try_from(query.offset).unwrap_or(i64::MAX))
            .fetch_all(&self.0.pool)
            .await?;
        Ok((self.0.chats().by_keys(member, &keys).await?, count.unsigned_abs()))
    }

    /// How many tasks each tab shows a contact, and which of them have messages that it has not read.
    pub async fn tabs(self, member: &TeamMember) -> Result<Vec<(TaskTabKey, u32, Vec<Jid>)>> {
        let mut tabs = Vec::with_capacity(TaskTabKey::ALL.len());
        for tab in TaskTabKey::ALL {
            let sql = format!(
                "SELECT count(*) AS tasks, \
                     (array_agg(t.key ORDER BY t.num DESC) FILTER (WHERE {IS_UNREAD}))[1:{UNREAD_NAMED}] AS unread \
                 FROM {SOURCE} WHERE t.team = $1 AND NOT c.archived AND {}",
                shown_in(Some(tab))
            );
            let row = sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(member.team.0)
                .bind(member.contact.0)
                .fetch_one(&self.0.pool)
                .await?;
            let unread = row.get::<Option<Vec<Uuid>>, _>("unread").unwrap_or_default();
            let unread = unread.into_iter().map(|key| Jid::Task(GroupId(key))).collect();
            tabs.push((tab, count(row.get("tasks")), unread));
        }
        Ok(tabs)
    }
}
