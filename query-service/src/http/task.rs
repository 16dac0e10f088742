//! `GET /api/v4/teams/{team_uid}/tasks`, `…/tabs`, `…/{task_id}`

use crate::{Queries, paging};
use access::{Fresh, TeamView, not_found};
use axum::extract::State;
use events::{ContactId, SectionId};
use platform::http::{
    ApiError, FieldErrors, Params, Query, Reply, RequestInfo,
    fields::{integer, not_one_of, present},
};
use protocol::{
    Jid,
    chat::{Chat, TaskPage},
    envelope::Success,
    lang::Text,
    task::{TaskId, TaskTab, TaskTabKey},
};
use read_model::task::{TaskOrder, TaskQuery};
use serde::Deserialize;
use std::str::FromStr;
use utoipa::IntoParams;
use uuid::Uuid;

/// Tasks of a page by default.
const PAGE: u32 = 50;
/// Tasks of a page at most.
const MAX_PAGE: u32 = 200;
/// Values of one filter at most.
const MAX_VALUES: usize = 100;
/// Longest text to search for, in characters.
const MAX_TEXT: usize = 250;
/// The value of a filter that matches tasks without any tag or section.
const NONE: &str = "-";
/// The value of `task_status` that matches every status.
const ANY: &str = "any";

/// The query string of a list of tasks. Several values of one filter are separated by commas.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// Only tasks of this tab: `active`, `expired`, `in`, `out`, `copy`, `done`.
    tab: Option<String>,
    /// Only tasks assigned to one of these contacts.
    assignee: Option<String>,
    /// Only tasks of one of these owners.
    owner: Option<String>,
    /// Only tasks with one of these tags, by name or uid; `-`: tasks without tags.
    tag: Option<String>,
    /// Only tasks in one of these sections; `-`: tasks in no section.
    section: Option<String>,
    /// Only tasks with one of these statuses: `new`, `done`, or words of the team's own; `any`.
    task_status: Option<String>,
    /// Part of the description, or the number.
    q: Option<String>,
    /// Only tasks with a version greater than this.
    #[param(value_type = Option<i64>)]
    gentime_gt: Option<String>,
    /// `activity` (or `-last_message`), `deadline`, `new` (or `-created`), `old` (or `created`), `done`.
    sort: Option<String>,
    /// Maximum number of tasks, at most 200; 50 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// Number of tasks to skip.
    #[param(value_type = Option<u32>)]
    offset: Option<String>,
}

impl ListParams {
    fn query(self) -> Result<TaskQuery, ApiError> {
        let mut errors = FieldErrors::default();
        let statuses = self.task_status.filter(|text| present(Some(text)) != Some(ANY));
        let query = TaskQuery {
            tab: errors.read("tab", self.tab.as_deref(), tab),
            assignees: errors.read("assignee", self.assignee.as_deref(), |text| {
                several(text, |text| contact(text).ok_or(Text::NotAJid))
            }),
            owners: errors.read("owner", self.owner.as_deref(), |text| {
                several(text, |text| contact(text).ok_or(Text::NotAJid))
            }),
            tags: errors.read("tag", self.tag.as_deref(), |text| several(text, word)),
            sections: errors.read("section", self.section.as_deref(), |text| several(text, section)),
            statuses: errors.read("task_status", statuses.as_deref(), |text| several(text, word)),
            text: errors.read("q", self.q.as_deref(), search_text),
            newer_than: errors
                .read("gentime_gt", self.gentime_gt.as_deref(), |text| integer(text, i64::MIN..=i64::MAX)),
            order: errors.read("sort", self.sort.as_deref(), order).unwrap_or_default(),
            limit: paging::limit(&mut errors, self.limit.as_deref(), MAX_PAGE).unwrap_or(PAGE),
            offset: paging::offset(&mut errors, self.offset.as_deref()).into(),
        };
        errors.finish()?;
        Ok(query)
    }
}

fn tab(word: &str) -> Result<TaskTabKey, Text> {
    TaskTabKey::from_word(word).ok_or_else(|| not_one_of(TaskTabKey::ALL.iter().map(|tab| tab.word())))
}

fn search_text(text: &str) -> Result<String, Text> {
    match text {
        _ if text.contains('\0') => Err(Text::BadCharacters),
        _ if text.chars().count() > MAX_TEXT => Err(Text::TooLong { max: MAX_TEXT }),
        _ => Ok(text.to_owned()),
    }
}

/// The values of a filter; none of them for [`NONE`].
fn several<T>(text: &str, read: impl Fn(&str) -> Result<T, Text>) -> Result<Vec<T>, Text> {
    if text == NONE {
        return Ok(vec![]);
    }
    let values: Vec<&str> = text.split(',').map(str::trim).filter(|value| !value.is_empty()).collect();
    if values.len() > MAX_VALUES {
        return Err(Text::TooMany { max: MAX_VALUES });
    }
    values.into_iter().map(read).collect()
}

fn contact(text: &str) -> Option<ContactId> {
    match Jid::from_str(text).ok()? {
        Jid::Direct(contact) => Some(contact),
        Jid::Group(_) | Jid::Task(_) => None,
    }
}

fn section(text: &str) -> Result<SectionId, Text> {
    Uuid::parse_str(text).map(SectionId).map_err(|_| Text::NotAUuid)
}

fn word(text: &str) -> Result<String, Text> {
    if text.contains('\0') { Err(Text::BadCharacters) } else { Ok(text.to_owned()) }
}

fn order(word: &str) -> Result<TaskOrder, Text> {
    match word {
        "activity" | "-last_message" => Ok(TaskOrder::Activity),
        "deadline" => Ok(TaskOrder::Deadline),
        "new" | "-created" => Ok(TaskOrder::New),
        "old" | "created" => Ok(TaskOrder::Old),
        "done" => Ok(TaskOrder::Done),
        _ => Err(not_one_of(["activity", "deadline", "new", "old", "done"])),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    task_id: TaskId,
}

/// List the tasks of a team
///
/// Tasks that the caller is a member of, and public tasks.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/tasks", tag = "tasks",
    params(("team_uid" = String, Path, description = "Uid of the team"), ListParams),
    responses((status = 200, body = Success<TaskPage>)))]
pub(super) async fn list_tasks(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
    Query(params): Query<ListParams>,
) -> Result<Reply<TaskPage>, ApiError> {
    let query = params.query()?;
    let _permit = queries.search(scope.caller.account, query.text.is_some())?;
    let (objects, count) = scope.read.tasks().page(&scope, &query).await?;
    let page = TaskPage { count, limit: query.limit, objects, offset: query.offset };
    Ok(Reply::new(page).at(scope.position(fresh)))
}

/// List the task tabs of a team
///
/// In their order, with the number of tasks that each tab shows the caller, as in the reference of 2019.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/tasks/tabs", tag = "tasks",
    params(("team_uid" = String, Path, description = "Uid of the team")),
    responses((status = 200, body = Success<Vec<TaskTab>>)))]
pub(super) async fn list_task_tabs(
    fresh: Fresh,
    request: RequestInfo,
    scope: TeamView,
) -> Result<Reply<Vec<TaskTab>>, ApiError> {
    let counted = scope.read.tasks().tabs(&scope).await?;
    let tabs = counted.into_iter().map(|(key, tasks, unread)| TaskTab::new(key, tasks, unread, request.lang));
    Ok(Reply::new(tabs.collect()).at(scope.position(fresh)))
}

/// Show a task
///
/// With its checklist and the messages that it was made from.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/tasks/{task_id}", tag = "tasks",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("task_id" = String, Path, description = "Address or uid of the task")),
    responses((status = 200, body = Success<Chat>)))]
pub(super) async fn show_task(
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<Chat>, ApiError> {
    let TaskId(task) = path.task_id;
    let Some(found) = scope.read.tasks().find(&scope, task).await? else {
        scope.read.ensure_complete().await?;
        return Err(not_found());
    };
    Ok(Reply::new(found).at(scope.position(fresh)))
}
