//! `/api/v4/teams/{team_uid}/tasks`: made, changed, ticked, deleted.

mod input;
pub(super) mod message;

use super::remind::about_task;
use crate::{
    Commands,
    context::{Command, Context, NoInput},
    idempotency::Answer,
    transact::{InitialState, Transacted},
};
use access::{TeamScope, not_found};
use axum::extract::State;
use domain::task::{self, Actor, Change, NEW, NewStatus, Task};
use events::{GroupId, Personal, Position, StreamName, TaskItemId, chat::ChatRef, task::Settings};
use input::{Purpose, TaskInput};
use platform::http::{ApiError, Body, Params};
use protocol::{
    chat::Chat,
    envelope::{Nothing, Success},
    error::ErrorCode,
    lang::Text,
    task::{CheckTaskItem, PutTask, TaskId},
};
use serde::Deserialize;

/// What the path of a task names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    task_id: TaskId,
}

/// What the path of a checklist's line names.
#[derive(Debug, Deserialize)]
pub(super) struct ItemPath {
    task_id: TaskId,
    item_uid: TaskItemId,
}

/// Makes a task; the caller owns it.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/tasks", tag = "tasks", params(("team_uid" = String, Path)),
    request_body = PutTask, responses((status = 200, body = Success<Chat>)))]
pub(super) async fn create(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<Body<PutTask>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("task.create");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let task: GroupId = context.id();
    let TaskInput { change, remind_at } =
        commands.wishes(&mut context, &scope, Purpose::Create(task), command.input.0).await?;
    let (team, actor) = (scope.team, actor(&scope));
    let settings = Settings {
        description: Personal::of_team(team, change.description.unwrap_or_default()),
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
    let items = change.items.unwrap_or_default();
    let status = change.status.unwrap_or_else(|| NewStatus { word: NEW.to_owned(), reason: None });
    let command = || task::Command::Create {
        task,
        team,
        actor,
        settings: Box::new(settings.clone()),
        items: items.clone(),
        status: status.clone(),
    };
    let done = commands.on_task(&context, task, InitialState::Empty, command).await?;
    let reminded = commands.remind_of(&context, &scope, task, remind_at).await?;
    commands.show_task(&context, &scope, task, done.position.max(reminded)).await
}

/// Changes only what is sent; `{"task_status": "done"}` closes, any other word opens again.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}/tasks/{task_id}", tag = "tasks",
    params(("team_uid" = String, Path), ("task_id" = String, Path)), request_body = PutTask,
    responses((status = 200, body = Success<Chat>)))]
pub(super) async fn change(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<Body<PutTask>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("task.change");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let TaskId(task) = path.task_id;
    let read = &commands.access.read;
    let known = read.tasks().find(&scope, task).await?;
    let Some(known) = known else {
        read.ensure_complete().await?;
        return Err(not_found());
    };
    let purpose = Purpose::Change(task, &known);
    let TaskInput { change, remind_at } =
        commands.wishes(&mut context, &scope, purpose, command.input.0).await?;
    let actor = actor(&scope);
    let command = || task::Command::Change { actor, change: Box::new(Change::clone(&change)) };
    let done = commands.on_task(&context, task, InitialState::Cached, command).await?;
    let reminded = commands.remind_of(&context, &scope, task, remind_at).await?;
    commands.show_task(&context, &scope, task, done.position.max(reminded)).await
}

/// Ticks a line of a checklist, or opens it again. A line that stands for a task is ticked when that task is done.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}/tasks/{task_id}/items/{item_uid}", tag = "tasks",
    params(("team_uid" = String, Path), ("task_id" = String, Path), ("item_uid" = String, Path)),
    request_body = CheckTaskItem, responses((status = 200, body = Success<Chat>)))]
pub(super) async fn check_item(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<ItemPath>,
    command: Command<Body<CheckTaskItem>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("task.check_item");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let task = commands.task_of(&scope, path.task_id).await?;
    let (actor, item, checked) = (actor(&scope), path.item_uid, command.input.0.checked);
    let command = || task::Command::CheckItem { actor, item, checked };
    let done = commands.on_task(&context, task, InitialState::Cached, command).await?;
    commands.show_task(&context, &scope, task, done.position).await
}

/// Deletes a task, which is archived.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/tasks/{task_id}", tag = "tasks",
    params(("team_uid" = String, Path), ("task_id" = String, Path)),
    responses((status = 200, body = Success<Nothing>)))]
pub(super) async fn archive(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("task.archive");
    if let Some(answer) = commands.removed_before(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let task = commands.task_of(&scope, path.task_id).await?;
    let actor = actor(&scope);
    let done =
        commands.on_task(&context, task, InitialState::Cached, || task::Command::Archive { actor }).await?;
    commands.answer_nothing(&context, done.position).await
}

fn actor(scope: &TeamScope) -> Actor {
    Actor { contact: scope.contact, status: scope.status }
}

impl Commands {
    /// The task that a path names, if it lives in the scope's team.
    async fn task_of(&self, scope: &TeamScope, TaskId(task): TaskId) -> Result<GroupId, ApiError> {
        match self.access.read.tasks().exists(scope, task).await? {
            true => Ok(task),
            false => Err(not_found()),
        }
    }

    async fn on_task(
        &self,
        context: &Context,
        task: GroupId,
        start: InitialState,
        mut command: impl FnMut() -> task::Command,
    ) -> Result<Transacted<Task>, ApiError> {
        let done = self.transact(context, StreamName::task(task), start, |_: &Task| command()).await;
        done.map_err(|stop| stop.or(refused))
    }

    /// Sets or removes the caller's own reminder of a task, if the request says anything of it.
    async fn remind_of(
        &self,
        context: &Context,
        scope: &TeamScope,
        task: GroupId,
        remind_at: Option<Option<chrono::DateTime<chrono::Utc>>>,
    ) -> Result<Position, ApiError> {
        let (context, remind) = (context.without_idempotency_key(), about_task(task, scope));
        let outcome = match remind_at {
            None => return Ok(0),
            Some(None) => self.remove_remind(&context, scope, remind).await?,
            Some(Some(at)) => self.set_remind(&context, scope, (remind, ChatRef::Task(task)), at, "").await?,
        };
        // There was none to remove; or it came to be time while the task was written.
        Ok(outcome.unwrap_or(0))
    }

    async fn show_task(
        &self,
        context: &Context,
        scope: &TeamScope,
        task: GroupId,
        position: Position,
    ) -> Result<Answer, ApiError> {
        self.show(context, position, || self.access.read.tasks().find(scope, task)).await
    }
}

fn refused(rejection: task::Rejection) -> ApiError {
    match rejection {
        task::Rejection::NoTask | task::Rejection::NoSuchLine => not_found(),
        task::Rejection::NotAllowed => ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids),
        task::Rejection::NoItem => ApiError::field("items", Text::DoesNotExist),
        task::Rejection::Reference => ApiError::field("checked", Text::ReadOnly),
    }
}
