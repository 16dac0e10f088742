//! `/api/v4/teams/{team_uid}/chats/{chat_jid}/messages`: posts, edits and deletes messages.

mod form;
mod input;
pub(super) mod posting;
pub(super) mod reaction;

pub(super) use input::CLIENT_EVENT;

use crate::{
    answers::Answer,
    context::Context,
    http::command::Command,
    idempotency::{CommandReply, OnReceipt},
    input::Fields,
    service::CommandService,
};
use access::TeamScope;
use axum::extract::{FromRequest, Request, State};
use domain::{
    limits,
    message::{self, Message},
};
use events::{MessageId, MessageKey, message::Author};
use form::{FileQuery, MessageForm};
use http::{HeaderMap, header::CONTENT_TYPE};
use input::{V4_CALL, in_chat};
use platform::http::{ApiError, Body, FieldErrors, Params, Query};
use protocol::{
    ApiVersion, Jid,
    envelope::Success,
    message::{ChatMessages, EditMessage, Message as MessageView, PostToChat},
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct ChatPath {
    chat_jid: Jid,
}

#[derive(Debug, Deserialize)]
pub(super) struct MessagePath {
    chat_jid: Jid,
    message_id: MessageId,
}

/// Post a message into a chat
///
/// With the `message_id` of a message of the caller's own, changes that message. A form posts a file in its field `file`, with the
/// other fields of the same names.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages", tag = "messages",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("chat_jid" = Jid, Path, description = "Address of the chat"),
        ("message_id" = Option<String>, Query, description = "Id of the message that a form posts; the form's own field comes second")),
    request_body(content((PostToChat = "application/json"), (MessageForm = "multipart/form-data"))),
    responses((status = 200, body = Success<MessageView>)))]
pub(crate) async fn post_chat_message(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<ChatPath>,
    Query(query): Query<FileQuery>,
    request: Request,
) -> Result<CommandReply, ApiError> {
    if is_form(request.headers()) {
        return form::post_form(&service, &scope, path.chat_jid, query, request).await;
    }
    let Command { context, input: Body(input) } =
        Command::<Body<PostToChat>>::from_request(request, &service).await?;
    let context = context.named("message.say").by_member(scope.contact);
    let input = in_chat(path.chat_jid, input);
    let post = |context| posting::post_message(&service, context, &scope, input, V4_CALL);
    service.idempotency.once(context, OnReceipt::Run, post).await
}

/// Edit a message
///
/// Changes the fields that are sent. Only the author may edit, while the team allows it.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages/{message_id}", tag = "messages",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("chat_jid" = Jid, Path, description = "Address of the chat"), ("message_id" = String, Path, description = "Id of the message")),
    request_body = EditMessage, responses((status = 200, body = Success<MessageView>)))]
pub(crate) async fn edit_chat_message(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<MessagePath>,
    context: Context,
    Body(input): Body<EditMessage>,
) -> Result<Answer, ApiError> {
    edit(&service, &scope, path, context, input).await
}

/// Edit a message by PUT
///
/// Changes the fields that are sent, as POST does. Only the author may edit, while the team allows it.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages/{message_id}", tag = "messages",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("chat_jid" = Jid, Path, description = "Address of the chat"), ("message_id" = String, Path, description = "Id of the message")),
    request_body = EditMessage, responses((status = 200, body = Success<MessageView>)))]
pub(crate) async fn put_chat_message(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<MessagePath>,
    context: Context,
    Body(input): Body<EditMessage>,
) -> Result<Answer, ApiError> {
    edit(&service, &scope, path, context, input).await
}

/// Delete a message
///
/// Authors may delete their own messages while the team allows it; those who run the team or the group, anybody's. The answer shows
/// what is left of the message.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages/{message_id}", tag = "messages",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("chat_jid" = Jid, Path, description = "Address of the chat"), ("message_id" = String, Path, description = "Id of the message")),
    responses((status = 200, body = Success<ChatMessages>)))]
pub(crate) async fn delete_chat_message(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<MessagePath>,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("message.delete").by_member(scope.contact);
    let chat = posting::chat_with(&service, &scope, path.chat_jid, path.message_id).await?;
    let position = posting::delete(&service, &context, &scope, chat, path.message_id).await?;
    let view = || async {
        let left = posting::view(&service, &context, &scope, path.message_id, ApiVersion::V4).await?;
        Ok(left.map(|message| ChatMessages { messages: vec![message] }))
    };
    service.answers.show(&context, position, view).await
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("multipart/form-data")
}

async fn edit(
    service: &CommandService,
    scope: &TeamScope,
    path: MessagePath,
    context: Context,
    input: EditMessage,
) -> Result<Answer, ApiError> {
    let context = context.named("message.edit").by_member(scope.contact);
    let EditMessage { text, content, important, nopreview } = input;
    let (field, text) = match (text, content.and_then(|content| content.text)) {
        (Some(text), _) => ("text", Some(text)),
        (None, text) => ("content.text", text),
    };
    let mut errors = FieldErrors::default();
    if let Some(text) = &text {
        errors.body(field, text, limits::MESSAGE);
    }
    errors.finish()?;
    posting::chat_with(service, scope, path.chat_jid, path.message_id).await?;
    posting::writable_chat(service, scope, path.chat_jid).await?;
    let (author, now) = (Author::Contact(scope.contact), context.now);
    let command =
        |_: &Message| message::Command::Edit { author, text: text.clone(), important, nopreview, now };
    let key = MessageKey { team: scope.team, message: path.message_id };
    let stream = service.aggregates.message_stream(key).await?;
    let done = service.aggregates.transact(&context, stream, command).await?;
    posting::show(service, &context, scope, path.message_id, done.position, ApiVersion::V4).await
}
