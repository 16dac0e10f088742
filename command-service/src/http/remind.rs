//! `POST /api/v4/teams/{team_uid}/reminds`, `DELETE …/{remind_uid}`. What fires them is
//! [`crate::reminders`].

use crate::{
    Commands,
    context::{Command, Context, NoInput},
    idempotency::Answer,
    input::{Checks, checked},
    transact::{InitialState, TransactError, Transacted},
};
use access::{TeamScope, not_found};
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::{
    limits,
    remind::{self, Remind},
};
use events::{GroupId, Personal, Position, RemindId, StreamName, chat::ChatRef, remind::Set};
use platform::http::{ApiError, Body, Params};
use protocol::{
    envelope::{Nothing, Success},
    lang::Text,
    notice::ReminderRecord,
    remind::{CreateRemind, Remind as RemindView},
};
use read_model::{chat_address::chat_of, remind::remind_view, rights::ChatAccess};
use serde::Deserialize;
use uuid::Uuid;

/// What the path of a reminder names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    remind_uid: RemindId,
}

/// Sets a reminder about a chat, for the caller alone. It fires once.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/reminds", tag = "reminds", params(("team_uid" = String, Path)),
    request_body = CreateRemind, responses((status = 200, body = Success<RemindView>)))]
pub(super) async fn create(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<Body<CreateRemind>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("remind.set");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let Body(input) = command.input;
    let mut checks = Checks::default();
    let jid = checks.jid("chat", &input.chat);
    let fire_at = checks.time("fire_at", &input.fire_at);
    let comment = checks.text("comment", &input.comment.unwrap_or_default(), limits::COMMENT);
    checks.done()?;
    let (chat, fire_at) = (chat_of(scope.contact, checked(jid)?), checked(fire_at)?);
    let read = &commands.access.read;
    if read.chats().access(&scope, chat).await? == ChatAccess::None {
        return Err(ApiError::field("chat", Text::DoesNotExist));
    }
    if read.reminders().count(&scope).await? >= limits::REMINDS {
        return Err(ApiError::field("chat", Text::TooMany { max: limits::REMINDS }));
    }
    let remind: RemindId = context.id();
    let position = commands.set_remind(&context, &scope, (remind, chat), fire_at, &comment).await?;
    let position = position.map_err(refused)?;
    commands.settle(&context, position).await?;
    let view = remind_view(&ReminderRecord { remind, chat, fire_at, comment }, scope.contact);
    commands.answer(&context, position, &view).await
}

/// Deletes a reminder of the caller's own that has yet to fire.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/reminds/{remind_uid}", tag = "reminds",
    params(("team_uid" = String, Path), ("remind_uid" = String, Path)),
    responses((status = 200, body = Success<Nothing>)))]
pub(super) async fn remove(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("remind.remove");
    if let Some(answer) = commands.removed_before(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let position = commands.remove_remind(&context, &scope, path.remind_uid).await?.map_err(refused)?;
    commands.answer_nothing(&context, position).await
}

/// The reminder that a contact has about a task by the task's own `remind_at`.
pub(super) fn about_task(task: GroupId, scope: &TeamScope) -> RemindId {
    RemindId(Uuid::new_v5(&task.0, scope.contact.0.as_bytes()))
}

impl Commands {
    /// Sets a reminder of the caller's; the rules' refusal is handed back.
    pub(super) async fn set_remind(
        &self,
        context: &Context,
        scope: &TeamScope,
        (remind, chat): (RemindId, ChatRef),
        fire_at: DateTime<Utc>,
        comment: &str,
    ) -> Result<Result<Position, remind::Rejection>, ApiError> {
        let set = Set {
            remind,
            team: scope.team,
            contact: scope.contact,
            chat,
            fire_at,
            comment: Personal::in_team(scope.team, scope.caller.account, comment.to_owned()),
        };
        let now = context.now;
        self.on_remind(context, remind, || remind::Command::Set { set: set.clone(), now }).await
    }

    /// Removes a reminder of the caller's; the rules' refusal is handed back.
    pub(super) async fn remove_remind(
        &self,
        context: &Context,
        scope: &TeamScope,
        remind: RemindId,
    ) -> Result<Result<Position, remind::Rejection>, ApiError> {
        let contact = scope.contact;
        self.on_remind(context, remind, || remind::Command::Remove { contact }).await
    }

    async fn on_remind(
        &self,
        context: &Context,
        remind: RemindId,
        mut command: impl FnMut() -> remind::Command,
    ) -> Result<Result<Position, remind::Rejection>, ApiError> {
        let stream = StreamName::remind(remind);
        let done: Result<Transacted<Remind>, _> =
            self.transact(context, stream, InitialState::Cached, |_: &Remind| command()).await;
        match done {
            Ok(done) => Ok(Ok(done.position)),
            Err(TransactError::Rejected(rejection)) => Ok(Err(rejection)),
            Err(TransactError::Failed(error)) => Err(error),
        }
    }
}

fn refused(rejection: remind::Rejection) -> ApiError {
    match rejection {
        remind::Rejection::NoRemind => not_found(),
        remind::Rejection::Past => ApiError::field("fire_at", Text::NotInTheFuture),
    }
}
