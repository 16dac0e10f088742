//! `/api/v4/teams/{team_uid}/chats/{chat_jid}/messages/{message_id}/reactions/{name}`: set, and taken back.

use super::{chat::MessagePath, refused};
use crate::{
    Commands,
    context::{Command, Context, NoInput},
    idempotency::Answer,
    transact::{InitialState, Transacted},
};
use access::TeamScope;
use axum::extract::State;
use domain::{
    message::{self, Message},
    reaction,
};
use events::{MessageId, StreamName};
use platform::http::{ApiError, Params};
use protocol::{ApiVersion, Jid, envelope::Success, lang::Text, message::Message as MessageView};
use serde::Deserialize;

/// What the path of a reaction names.
#[derive(Debug, Deserialize)]
pub(in super::super) struct ReactionPath {
    chat_jid: Jid,
    message_id: MessageId,
    name: String,
}

/// Sets the caller's reaction to a message; one of `GET /api/v4/reactions`.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages/{message_id}/reactions/{name}",
    tag = "messages", params(("team_uid" = String, Path), ("chat_jid" = Jid, Path), ("message_id" = String, Path),
    ("name" = String, Path)), responses((status = 200, body = Success<MessageView>)))]
pub(in super::super) async fn set(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<ReactionPath>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    commands.react(command.context.named("message.react"), scope, path, true).await
}

/// Takes the caller's reaction back; that it was not there is no failure.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages/{message_id}/reactions/{name}",
    tag = "messages", params(("team_uid" = String, Path), ("chat_jid" = Jid, Path), ("message_id" = String, Path),
    ("name" = String, Path)), responses((status = 200, body = Success<MessageView>)))]
pub(in super::super) async fn remove(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<ReactionPath>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    commands.react(command.context.named("message.unreact"), scope, path, false).await
}

impl Commands {
    async fn react(
        &self,
        mut context: Context,
        scope: TeamScope,
        path: ReactionPath,
        set: bool,
    ) -> Result<Answer, ApiError> {
        if let Some(answer) = self.repeated(&context).await? {
            return Ok(answer);
        }
        context.as_contact(scope.contact);
        let message = path.message_id;
        self.chat_with(&scope, &MessagePath { chat_jid: path.chat_jid, message_id: message }).await?;
        let name = reaction::known(&path.name).ok_or_else(|| ApiError::field("name", Text::DoesNotExist))?;
        let contact = scope.contact;
        let done: Transacted<Message> = self
            .transact(&context, StreamName::message(message), InitialState::Cached, |_: &Message| match set {
                true => message::Command::React { contact, name: name.to_owned() },
                false => message::Command::Unreact { contact, name: name.to_owned() },
            })
            .await
            .map_err(|stop| stop.or(refused))?;
        self.message_answer(&context, &scope, message, done.position, ApiVersion::V4).await
    }
}
