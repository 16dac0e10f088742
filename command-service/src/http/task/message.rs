//! `POST /tasks/{team_uid}/{num}/message`: posts a form into a task by the task's number, answered like
//! [`crate::http::integration_message`].
//!
//! The reference asks for no key. Here a member's session is needed, which posts wherever the member may, or the key of an
//! integration of the team, which posts into the team's public tasks.

use crate::{
    http::{
        command::Command,
        integration_message::{key_holder, read_text, respond},
        message::posting::{post, writable_chat},
    },
    input::Fields,
    service::CommandService,
};
use access::{TeamScope, not_found};
use axum::{extract::State, response::Response};
use domain::message::Draft;
use events::{MessageId, TeamId, chat::ChatRef, message::Author};
use platform::http::{ApiError, FieldErrors, Form, Params, RequestInfo, fields::is_true};
use protocol::{Jid, error::ErrorCode, integration::MessageAccepted, lang::Text};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(in crate::http) struct Path {
    team_uid: TeamId,
    num: u32,
}

/// The form of a message into a task.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form")]
pub(in crate::http) struct TaskMessageForm {
    /// Text of the message.
    message: String,
    /// Key of an integration of the team; without it the caller's session names the author.
    key: Option<String>,
    /// Id that the sender chooses; a message with a known id is not posted again.
    message_id: Option<String>,
    /// Whether the message is important: `1`, `true`, `yes` or `on`.
    important: Option<String>,
    /// Whether links get no previews: `1`, `true`, `yes` or `on`.
    nopreview: Option<String>,
    /// Whether `\n` written as two characters becomes a line break: `1`, `true`, `yes` or `on`.
    convert_linebreaks: Option<String>,
}

/// Post a message into a task by the task's number
///
/// Needs the caller's session, or the key of an integration of the team. An integration may post into public tasks.
#[utoipa::path(post, path = "/tasks/{team_uid}/{num}/message", tag = "tasks",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("num" = u32, Path, description = "Number of the task in the team")),
    request_body(content((TaskMessageForm = "multipart/form-data"),
        (TaskMessageForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = MessageAccepted),
        (status = "default", body = MessageAccepted, description = "Not posted; `error` is a sentence for people")))]
pub(crate) async fn post_task_message(
    State(service): State<CommandService>,
    request: RequestInfo,
    scope: Result<TeamScope, ApiError>,
    path: Result<Params<Path>, ApiError>,
    command: Result<Command<Form>, ApiError>,
) -> Response {
    let posted = async { post_by_num(&service, scope, path?.0, command?).await };
    respond(posted.await, &request)
}

/// The author of a message, with its rights.
struct Writer {
    author: Author,
    account: Option<events::AccountId>,
    update_age: u32,
    chat: ChatRef,
}

async fn post_by_num(
    service: &CommandService,
    scope: Result<TeamScope, ApiError>,
    path: Path,
    command: Command<Form>,
) -> Result<(), ApiError> {
    let mut context = command.context.named("message.post_by_num");
    let form = command.input;
    let mut errors = FieldErrors::default();
    let text = read_text(&form, &mut errors);
    let chosen = form.text("message_id").filter(|id| !id.is_empty());
    let chosen = chosen.and_then(|id| errors.uuid::<MessageId>("message_id", id));
    let writer = match form.text("key").map(str::trim).filter(|key| !key.is_empty()) {
        Some(key) => by_key(service, key, &path, context.request.client).await?,
        None => {
            let scope = scope?;
            context = context.by_member(scope.contact);
            by_session(service, &scope, path.num).await?
        }
    };
    errors.finish()?;
    let draft = Draft {
        message: chosen.unwrap_or_else(|| context.id()),
        team: path.team_uid,
        chat: writer.chat,
        author: writer.author,
        account: writer.account,
        text,
        important: is_true(form.text("important")),
        silently: is_true(form.text("silently")),
        nopreview: is_true(form.text("nopreview")),
        reply_to: None,
        linked_messages: vec![],
        uploads: vec![],
        update_age: writer.update_age,
    };
    let position = post(service, &context, draft).await?;
    service.answers.settle(&context, position).await.map(drop)
}

async fn by_key(
    service: &CommandService,
    key: &str,
    path: &Path,
    client: std::net::IpAddr,
) -> Result<Writer, ApiError> {
    let holder = key_holder(service, key, client).await?;
    if holder.team() != path.team_uid {
        return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::BadKey));
    }
    let task = service.access.read.tasks().by_number_for_key(&holder, path.num).await?;
    // A key is made for one group: its holder does not learn the numbers of private tasks.
    let (task, _) = task.filter(|(_, public)| *public).ok_or_else(not_found)?;
    Ok(Writer {
        author: Author::Integration(holder.integration()),
        account: None,
        update_age: holder.message_update_age(),
        chat: ChatRef::Task(task),
    })
}

async fn by_session(service: &CommandService, scope: &TeamScope, num: u32) -> Result<Writer, ApiError> {
    let task = service.access.read.tasks().by_number(scope, num).await?;
    let (task, _) = task.ok_or_else(not_found)?;
    Ok(Writer {
        author: Author::Contact(scope.contact),
        account: Some(scope.caller.account),
        update_age: scope.message_update_age,
        chat: writable_chat(service, scope, Jid::Task(task)).await?,
    })
}
