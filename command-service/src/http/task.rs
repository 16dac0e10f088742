//! `/api/v4/teams/{team_uid}/tasks`: creates, changes, checks off and deletes tasks.

mod input;
pub(super) mod message;

use crate::{
    aggregates::{TransactError, Transacted},
    answers::Answer,
    context::Context,
    http::remind,
    service::CommandService,
};
use access::{TeamScope, not_found};
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::task::{self, Actor, Change, NEW, NewItem, NewStatus, Task};
use events::{GroupId, Personal, Position, StreamName, TaskItemId, chat::ChatRef, task::Settings};
use input::{Purpose, TaskInput, read_input};
use platform::http::{ApiError, Body, Params};
use protocol::{
    chat::Chat,
    envelope::{Nothing, Success},
    task::{CheckTaskItem, PutTask, TaskId},
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    task_id: TaskId,
}

#[derive(Debug, Deserialize)]
pub(super) struct ItemPath {
    task_id: TaskId,
    item_uid: TaskItemId,
}

/// Create a task
///
/// The caller owns the task.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/tasks", tag = "tasks", params(("team_uid" = String, Path, description = "Uid of the team")),
    request_body = PutTask, responses((status = 200, body = Success<Chat>)))]
pub(crate) async fn create_task(
    State(service): State<CommandService>,
    scope: TeamScope,
    context: Context,
    Body(input): Body<PutTask>,
) -> Result<Answer, ApiError> {
    let mut context = context.named("task.create").by_member(scope.contact);
    let task: GroupId = context.id();
    let TaskInput { change, remind_at } =
        read_input(&service, &mut context, &scope, Purpose::Create(task), input).await?;
    let (team, actor) = (scope.team, actor(&scope));
    let (settings, items, status) = new_task(&scope, change);
    let command = |_: &Task| task::Command::Create {
        task,
        team,
        actor,
        settings: Box::new(settings.clone()),
        items: items.clone(),
        status: status.clone(),
    };
    let done = service.aggregates.create(&context, StreamName::task(task), command).await?;
    let reminded = set_or_remove_remind(&service, &context, &scope, task, remind_at).await?;
    show_task(&service, &context, &scope, task, done.position.max(reminded)).await
}

/// Change a task
///
/// Changes the fields that are sent. `{"task_status": "done"}` closes the task, any other word opens it again.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}/tasks/{task_id}", tag = "tasks",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("task_id" = String, Path, description = "Address or uid of the task")), request_body = PutTask,
    responses((status = 200, body = Success<Chat>)))]
pub(crate) async fn change_task(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<Path>,
    context: Context,
    Body(input): Body<PutTask>,
) -> Result<Answer, ApiError> {
    let mut context = context.named("task.change").by_member(scope.contact);
    let TaskId(task) = path.task_id;
    let read = &service.access.read;
    let known = read.tasks().find(&scope, task).await?;
    let Some(known) = known else {
        read.ensure_complete().await?;
        return Err(not_found());
    };
    let purpose = Purpose::Change(task, &known);
    let TaskInput { change, remind_at } = read_input(&service, &mut context, &scope, purpose, input).await?;
    let actor = actor(&scope);
    let command = || task::Command::Change { actor, change: Box::new(Change::clone(&change)) };
    let done = transact(&service, &context, task, command).await?;
    let reminded = set_or_remove_remind(&service, &context, &scope, task, remind_at).await?;
    show_task(&service, &context, &scope, task, done.position.max(reminded)).await
}

/// Check or uncheck an item of a task's checklist
///
/// An item that refers to another task is checked when that task is done, and only then.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}/tasks/{task_id}/items/{item_uid}", tag = "tasks",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("task_id" = String, Path, description = "Address or uid of the task"), ("item_uid" = String, Path, description = "Uid of the item in the checklist")),
    request_body = CheckTaskItem, responses((status = 200, body = Success<Chat>)))]
pub(crate) async fn check_task_item(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<ItemPath>,
    context: Context,
    Body(input): Body<CheckTaskItem>,
) -> Result<Answer, ApiError> {
    let context = context.named("task.check_item").by_member(scope.contact);
    let task = task_of(&service, &scope, path.task_id).await?;
    let (actor, item, checked) = (actor(&scope), path.item_uid, input.checked);
    let command = || task::Command::CheckItem { actor, item, checked };
    let done = transact(&service, &context, task, command).await?;
    show_task(&service, &context, &scope, task, done.position).await
}

/// Delete a task
///
/// Archives the task.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/tasks/{task_id}", tag = "tasks",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("task_id" = String, Path, description = "Address or uid of the task")),
    responses((status = 200, body = Success<Nothing>)))]
pub(crate) async fn archive_task(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<Path>,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("task.archive").by_member(scope.contact);
    let task = task_of(&service, &scope, path.task_id).await?;
    let actor = actor(&scope);
    let done = transact(&service, &context, task, || task::Command::Archive { actor }).await?;
    service.answers.nothing(&context, done.position).await
}

/// The settings, items and status of a new task.
fn new_task(scope: &TeamScope, change: Change) -> (Settings, Vec<NewItem>, NewStatus) {
    let settings = Settings {
        description: Personal::of_team(scope.team, change.description.unwrap_or_default()),
        assignee: change.assignee.unwrap_or(scope.contact),
        observers: change.observers.unwrap_or_default(),
        public: change.public.unwrap_or(false),
        deadline: change.deadline.flatten(),
        tags: change.tags.unwrap_or_default(),
        section: change.section.flatten(),
        color_index: change.color_index.flatten(),
        importance: change.importance.flatten(),
        urgency: change.urgency.flatten(),
        complexity: change.complexity.flatten(),
        spent_time: change.spent_time.flatten(),
        linked_messages: change.linked_messages.unwrap_or_default(),
        uploads: change.uploads.unwrap_or_default(),
    };
    let status = change.status.unwrap_or_else(|| NewStatus { word: NEW.to_owned(), reason: None });
    (settings, change.items.unwrap_or_default(), status)
}

fn actor(scope: &TeamScope) -> Actor {
    Actor { contact: scope.contact, status: scope.status }
}

/// The task of a path, if it belongs to the team.
async fn task_of(
    service: &CommandService,
    scope: &TeamScope,
    TaskId(task): TaskId,
) -> Result<GroupId, ApiError> {
    match service.access.read.tasks().exists(scope, task).await? {
        true => Ok(task),
        false => Err(not_found()),
    }
}

async fn transact(
    service: &CommandService,
    context: &Context,
    task: GroupId,
    mut command: impl FnMut() -> task::Command,
) -> Result<Transacted<Task>, ApiError> {
    Ok(service.aggregates.transact(context, StreamName::task(task), |_: &Task| command()).await?)
}

/// Sets or removes the caller's own reminder of a task, if the request has `remind_at`.
async fn set_or_remove_remind(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    task: GroupId,
    remind_at: Option<Option<DateTime<Utc>>>,
) -> Result<Position, ApiError> {
    let (context, remind) = (context.without_idempotency_key(), remind::id_for_task(task, scope));
    let done = match remind_at {
        None => return Ok(0),
        Some(None) => remind::remove(service, &context, scope, remind).await,
        Some(Some(at)) => remind::set(service, &context, scope, (remind, ChatRef::Task(task)), at, "").await,
    };
    match done {
        // There was none to remove, or its time has come while the task was written.
        Err(TransactError::Rejected(_)) => Ok(0),
        done => Ok(done?),
    }
}

async fn show_task(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    task: GroupId,
    position: Position,
) -> Result<Answer, ApiError> {
    service.answers.show(context, position, || service.access.read.tasks().find(scope, task)).await
}
