//! `/api/v4/teams/{team_uid}/chats/{chat_jid}/messages`: posted, changed, deleted.

use super::{
    BY_CALL,
    form::{FileQuery, MessageForm},
    input::in_chat,
    refused,
};
use crate::{
    Commands,
    context::{Command, NoInput},
    idempotency::Answer,
    input::Checks,
    transact::{InitialState, Transacted},
};
use access::{TeamScope, not_found};
use axum::extract::{FromRequest, Request, State};
use domain::{
    limits,
    message::{self, Message},
};
use events::{MessageId, StreamName, chat::ChatRef, message::Author};
use http::{HeaderMap, header::CONTENT_TYPE};
use platform::http::{ApiError, Body, Params, Query};
use protocol::{
    ApiVersion, Jid,
    envelope::Success,
    message::{ChatMessages, EditMessage, Message as MessageView, PostToChat},
};
use read_model::{chat_address::chat_of, rights::ChatAccess};
use serde::Deserialize;

/// What the path of a chat's messages names.
#[derive(Debug, Deserialize)]
pub(in super::super) struct ChatPath {
    chat_jid: Jid,
}

/// What the path of a message names.
#[derive(Debug, Deserialize)]
pub(in super::super) struct MessagePath {
    pub(super) chat_jid: Jid,
    pub(super) message_id: MessageId,
}

/// Posts a message; or changes the caller's own one with that `message_id`. A form posts the file of its field `file`,
/// and what is said with it in fields of the same names.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages", tag = "messages",
    params(("team_uid" = String, Path), ("chat_jid" = Jid, Path),
        ("message_id" = Option<String>, Query, description = "of a form, before that of its field")),
    request_body(content((PostToChat = "application/json"), (MessageForm = "multipart/form-data"))),
    responses((status = 200, body = Success<MessageView>)))]
pub(in super::super) async fn post(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<ChatPath>,
    Query(query): Query<FileQuery>,
    request: Request,
) -> Result<Answer, ApiError> {
    if is_form(request.headers()) {
        return commands.post_form(&scope, path.chat_jid, query, request).await;
    }
    let command = Command::<Body<PostToChat>>::from_request(request, &commands).await?;
    let mut context = command.context.named("message.say");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let Body(input) = command.input;
    commands.post_message(context, &scope, in_chat(path.chat_jid, input), BY_CALL).await
}

/// Changes the caller's own message; what is left out stays.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages/{message_id}", tag = "messages",
    params(("team_uid" = String, Path), ("chat_jid" = Jid, Path), ("message_id" = String, Path)),
    request_body = EditMessage, responses((status = 200, body = Success<MessageView>)))]
pub(in super::super) async fn edit(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<MessagePath>,
    command: Command<Body<EditMessage>>,
) -> Result<Answer, ApiError> {
    commands.edit_message(scope, path, command).await
}

/// The same.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages/{message_id}", tag = "messages",
    params(("team_uid" = String, Path), ("chat_jid" = Jid, Path), ("message_id" = String, Path)),
    request_body = EditMessage, responses((status = 200, body = Success<MessageView>)))]
pub(in super::super) async fn put(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<MessagePath>,
    command: Command<Body<EditMessage>>,
) -> Result<Answer, ApiError> {
    commands.edit_message(scope, path, command).await
}

/// Deletes a message: one's own in time; who runs the team or the group, anybody's there. What is left of it is shown.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages/{message_id}", tag = "messages",
    params(("team_uid" = String, Path), ("chat_jid" = Jid, Path), ("message_id" = String, Path)),
    responses((status = 200, body = Success<ChatMessages>)))]
pub(in super::super) async fn delete(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<MessagePath>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("message.delete");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let chat = commands.chat_with(&scope, &path).await?;
    let position = commands.delete(&context, &scope, chat, path.message_id).await?;
    let view = || async {
        let left = commands.message_view(&context, &scope, path.message_id, ApiVersion::V4).await?;
        Ok(left.map(|message| ChatMessages { messages: vec![message] }))
    };
    commands.show(&context, position, view).await
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("multipart/form-data")
}

impl Commands {
    async fn edit_message(
        &self,
        scope: TeamScope,
        path: MessagePath,
        command: Command<Body<EditMessage>>,
    ) -> Result<Answer, ApiError> {
        let mut context = command.context.named("message.edit");
        if let Some(answer) = self.repeated(&context).await? {
            return Ok(answer);
        }
        context.as_contact(scope.contact);
        let Body(EditMessage { text, content, important, nopreview }) = command.input;
        let (field, text) = match (text, content.and_then(|content| content.text)) {
            (Some(text), _) => ("text", Some(text)),
            (None, text) => ("content.text", text),
        };
        let mut checks = Checks::default();
        if let Some(text) = &text {
            checks.body(field, text, limits::MESSAGE);
        }
        checks.done()?;
        self.chat_with(&scope, &path).await?;
        self.writable(&scope, path.chat_jid).await?;
        let (author, now) = (Author::Contact(scope.contact), context.now);
        let done: Transacted<Message> = self
            .transact(&context, StreamName::message(path.message_id), InitialState::Cached, |_: &Message| {
                message::Command::Edit { author, text: text.clone(), important, nopreview, now }
            })
            .await
            .map_err(|stop| stop.or(refused))?;
        self.message_answer(&context, &scope, path.message_id, done.position, ApiVersion::V4).await
    }

    /// The chat that a path names, if the member sees it and the path's message is of it.
    pub(super) async fn chat_with(&self, scope: &TeamScope, path: &MessagePath) -> Result<ChatRef, ApiError> {
        let (read, chat) = (&self.access.read, chat_of(scope.contact, path.chat_jid));
        if read.chats().access(scope, chat).await? == ChatAccess::None {
            return Err(not_found());
        }
        let of_chat = [(path.message_id, chat.key())];
        match read.messages().visible_among(scope, &[path.message_id]).await? {
            found if found == of_chat => Ok(chat),
            _ => Err(not_found()),
        }
    }
}
