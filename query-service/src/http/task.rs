//! `GET /api/v4/teams/{team_uid}/tasks`, `…/tabs`, `…/{task_id}`

mod tabs;

pub(super) use tabs::{__path_tabs, tabs};

use crate::{Queries, paging, words::Words};
use access::{Fresh, TeamView, not_found};
use axum::extract::State;
use events::{ContactId, SectionId};
use platform::http::{ApiError, Params, Query, Reply};
use protocol::{
    Jid,
    chat::{Chat, TaskPage},
    envelope::Success,
    lang::Text,
    task::{TaskId, TaskTabKey},
};
use read_model::task::{TaskOrder, TaskQuery};
use serde::Deserialize;
use std::str::FromStr;
use utoipa::IntoParams;
use uuid::Uuid;

/// Tasks of a page, unless said otherwise.
const PAGE: u32 = 50;
/// Tasks of a page at most.
const LARGEST_PAGE: u32 = 200;
/// Values of one filter at most.
const VALUES: usize = 100;
/// Longest text that is looked for.
const LONGEST_TEXT: usize = 250;
/// What stands for having none.
const NONE: &str = "-";
/// What stands for every word.
const ANY: &str = "any";

/// The query of a list. Several values of one filter are separated by commas.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub(super) struct Filter {
    /// Shown under this tab: `active`, `expired`, `in`, `out`, `copy`, `done`.
    tab: Option<String>,
    /// To be done by one of these contacts.
    assignee: Option<String>,
    /// Made by one of these contacts.
    owner: Option<String>,
    /// With one of these tags, by name or uid; `-`: without any.
    tag: Option<String>,
    /// In one of these sections; `-`: in none.
    section: Option<String>,
    /// `new`, `done` or words of the team's own; `any`.
    task_status: Option<String>,
    /// Words of the description, or the number.
    q: Option<String>,
    /// With a version greater than this.
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

/// What the path of a task names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    task_id: TaskId,
}

/// The tasks that concern the caller, and the public ones.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/tasks", tag = "tasks",
    params(("team_uid" = String, Path), Filter), responses((status = 200, body = Success<TaskPage>)))]
pub(super) async fn list(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
    Query(filter): Query<Filter>,
) -> Result<Reply<TaskPage>, ApiError> {
    let query = wanted(filter)?;
    let _permit = queries.search(scope.caller.account, query.text.is_some())?;
    let (objects, count) = scope.read.tasks().page(&scope, &query).await?;
    Ok(Reply::new(TaskPage { count, limit: query.limit, objects, offset: query.offset })
        .at(scope.position(fresh)))
}

/// One task, with its checklist and the messages that it came from.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/tasks/{task_id}", tag = "tasks",
    params(("team_uid" = String, Path), ("task_id" = String, Path)),
    responses((status = 200, body = Success<Chat>)))]
pub(super) async fn one(
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<Chat>, ApiError> {
    let (read, TaskId(task)) = (&scope.read, path.task_id);
    let found = read.tasks().find(&scope, task).await?;
    if found.is_none() {
        read.ensure_complete().await?;
    }
    Ok(Reply::new(found.ok_or_else(not_found)?).at(scope.position(fresh)))
}

fn wanted(filter: Filter) -> Result<TaskQuery, ApiError> {
    let given =
        |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let tab = given(filter.tab).map(|word| {
        let words = || TaskTabKey::ALL.iter().map(|tab| tab.word().to_owned()).collect();
        TaskTabKey::from_word(&word)
            .ok_or_else(|| ApiError::field("tab", Text::NotOneOf { allowed: words() }))
    });
    let text = given(filter.q);
    if text.as_ref().is_some_and(|text| text.contains('\0')) {
        return Err(ApiError::field("q", Text::BadCharacters));
    }
    if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_TEXT) {
        return Err(ApiError::field("q", Text::TooLong { max: LONGEST_TEXT }));
    }
    let (limit, offset) = paging::page(filter.limit.as_deref(), filter.offset.as_deref(), LARGEST_PAGE)?;
    let mut words = Words::default();
    let newer_than = words.integer("gentime_gt", filter.gentime_gt.as_deref(), i64::MIN..=i64::MAX);
    words.done()?;
    let uuid = |text: &str| Uuid::parse_str(text).ok().map(SectionId);
    let word = |text: &str| (!text.contains('\0')).then(|| text.to_owned());
    let statuses = given(filter.task_status).filter(|words| words != ANY);
    Ok(TaskQuery {
        tab: tab.transpose()?,
        assignees: several("assignee", given(filter.assignee), contact, Text::NotAJid)?,
        owners: several("owner", given(filter.owner), contact, Text::NotAJid)?,
        tags: several("tag", given(filter.tag), word, Text::BadCharacters)?,
        sections: several("section", given(filter.section), uuid, Text::NotAUuid)?,
        statuses: several("task_status", statuses, word, Text::BadCharacters)?,
        text,
        newer_than,
        order: order(given(filter.sort).as_deref())?,
        limit: limit.unwrap_or(PAGE),
        offset: offset.into(),
    })
}

/// The values of a filter, none of them for having none.
fn several<T>(
    field: &str,
    text: Option<String>,
    read: impl Fn(&str) -> Option<T>,
    refusal: Text,
) -> Result<Option<Vec<T>>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    if text == NONE {
        return Ok(Some(vec![]));
    }
    let values: Vec<&str> = text.split(',').map(str::trim).filter(|value| !value.is_empty()).collect();
    if values.len() > VALUES {
        return Err(ApiError::field(field, Text::TooMany { max: VALUES }));
    }
    let values: Option<Vec<T>> = values.into_iter().map(read).collect();
    values.map(Some).ok_or_else(|| ApiError::field(field, refusal))
}

fn contact(text: &str) -> Option<ContactId> {
    match Jid::from_str(text).ok()? {
        Jid::Direct(contact) => Some(contact),
        Jid::Group(_) | Jid::Task(_) => None,
    }
}

fn order(word: Option<&str>) -> Result<TaskOrder, ApiError> {
    match word {
        None | Some("activity" | "-last_message") => Ok(TaskOrder::Activity),
        Some("deadline") => Ok(TaskOrder::Deadline),
        Some("new" | "-created") => Ok(TaskOrder::New),
        Some("old" | "created") => Ok(TaskOrder::Old),
        Some("done") => Ok(TaskOrder::Done),
        Some(_) => {
            let allowed = ["activity", "deadline", "new", "old", "done"].map(str::to_owned).to_vec();
            Err(ApiError::field("sort", Text::NotOneOf { allowed }))
        }
    }
}
