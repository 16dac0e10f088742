//! `/api/v4/teams/{team_uid}/reminds`: sets and removes reminders, which [`crate::reminders`] fires.

use crate::{
    aggregates::TransactError,
    answers::Answer,
    context::Context,
    input::{Fields, checked},
    service::CommandService,
};
use access::TeamScope;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::{
    limits,
    remind::{self, Remind},
};
use events::{GroupId, Personal, Position, RemindId, StreamName, chat::ChatRef, remind::Set};
use platform::http::{ApiError, Body, FieldErrors, Params};
use protocol::{
    envelope::{Nothing, Success},
    lang::Text,
    notice::ReminderRecord,
    remind::{CreateRemind, Remind as RemindView},
};
use read_model::{chat_address::chat_of, remind::remind_view, rights::ChatAccess};
use serde::Deserialize;
use uuid::Uuid;

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    remind_uid: RemindId,
}

/// Set a reminder about a chat
///
/// The reminder is the caller's own and fires once.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/reminds", tag = "reminds", params(("team_uid" = String, Path, description = "Uid of the team")),
    request_body = CreateRemind, responses((status = 200, body = Success<RemindView>)))]
pub(crate) async fn create_remind(
    State(service): State<CommandService>,
    scope: TeamScope,
    context: Context,
    Body(input): Body<CreateRemind>,
) -> Result<Answer, ApiError> {
    let mut context = context.named("remind.set").by_member(scope.contact);
    let mut errors = FieldErrors::default();
    let jid = errors.jid("chat", &input.chat);
    let fire_at = errors.time("fire_at", &input.fire_at);
    let comment = errors.text("comment", &input.comment.unwrap_or_default(), limits::COMMENT);
    errors.finish()?;
    let (chat, fire_at) = (chat_of(scope.contact, checked(jid)?), checked(fire_at)?);
    let read = &service.access.read;
    if read.chats().access(&scope, chat).await? == ChatAccess::None {
        return Err(ApiError::field("chat", Text::DoesNotExist));
    }
    if read.reminders().count(&scope).await? >= limits::REMINDS {
        return Err(ApiError::field("chat", Text::TooMany { max: limits::REMINDS }));
    }
    let remind: RemindId = context.id();
    let position = set(&service, &context, &scope, (remind, chat), fire_at, &comment).await?;
    service.answers.settle(&context, position).await?;
    let view = remind_view(&ReminderRecord { remind, chat, fire_at, comment }, scope.contact);
    service.answers.answer(&context, position, &view)
}

/// Delete a reminder
///
/// For reminders of the caller's own that have not fired yet.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/reminds/{remind_uid}", tag = "reminds",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("remind_uid" = String, Path, description = "Uid of the reminder")),
    responses((status = 200, body = Success<Nothing>)))]
pub(crate) async fn remove_remind(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<Path>,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("remind.remove").by_member(scope.contact);
    let position = remove(&service, &context, &scope, path.remind_uid).await?;
    service.answers.nothing(&context, position).await
}

/// The id of the reminder that a member sets by a task's own `remind_at`.
pub(super) fn id_for_task(task: GroupId, scope: &TeamScope) -> RemindId {
    RemindId(Uuid::new_v5(&task.0, scope.contact.0.as_bytes()))
}

/// Sets a reminder of the caller's own.
pub(super) async fn set(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    (remind, chat): (RemindId, ChatRef),
    fire_at: DateTime<Utc>,
    comment: &str,
) -> Result<Position, TransactError<remind::Rejection>> {
    let set = Set {
        remind,
        team: scope.team,
        contact: scope.contact,
        chat,
        fire_at,
        comment: Personal::in_team(scope.team, scope.caller.account, comment.to_owned()),
    };
    let now = context.now;
    let command = |_: &Remind| remind::Command::Set { set: set.clone(), now };
    Ok(service.aggregates.transact(context, StreamName::remind(remind), command).await?.position)
}

/// Removes a reminder of the caller's own.
pub(super) async fn remove(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    remind: RemindId,
) -> Result<Position, TransactError<remind::Rejection>> {
    let contact = scope.contact;
    let command = |_: &Remind| remind::Command::Remove { contact };
    Ok(service.aggregates.transact(context, StreamName::remind(remind), command).await?.position)
}
