//! `/api/v4/teams/{team_uid}/chats/{chat_jid}/messages/{message_id}/reactions/{name}`: sets and removes reactions.

use crate::{
    answers::Answer,
    context::Context,
    http::message::posting::{chat_with, show},
    service::CommandService,
};
use access::TeamScope;
use axum::extract::State;
use domain::{
    message::{self, Message},
    reaction,
};
use events::{MessageId, MessageKey};
use platform::http::{ApiError, Params};
use protocol::{ApiVersion, Jid, envelope::Success, lang::Text, message::Message as MessageView};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(in super::super) struct ReactionPath {
    chat_jid: Jid,
    message_id: MessageId,
    name: String,
}

/// Set a reaction to a message
///
/// The name is one of `GET /api/v4/reactions`.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages/{message_id}/reactions/{name}",
    tag = "messages", params(("team_uid" = String, Path, description = "Uid of the team"), ("chat_jid" = Jid, Path, description = "Address of the chat"), ("message_id" = String, Path, description = "Id of the message"),
    ("name" = String, Path, description = "Name of the reaction")), responses((status = 200, body = Success<MessageView>)))]
pub(crate) async fn set_reaction(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<ReactionPath>,
    context: Context,
) -> Result<Answer, ApiError> {
    react(&service, context.named("message.react"), &scope, path, true).await
}

/// Remove a reaction from a message
///
/// Does nothing if the caller has not reacted so.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages/{message_id}/reactions/{name}",
    tag = "messages", params(("team_uid" = String, Path, description = "Uid of the team"), ("chat_jid" = Jid, Path, description = "Address of the chat"), ("message_id" = String, Path, description = "Id of the message"),
    ("name" = String, Path, description = "Name of the reaction")), responses((status = 200, body = Success<MessageView>)))]
pub(crate) async fn remove_reaction(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<ReactionPath>,
    context: Context,
) -> Result<Answer, ApiError> {
    react(&service, context.named("message.unreact"), &scope, path, false).await
}

async fn react(
    service: &CommandService,
    context: Context,
    scope: &TeamScope,
    path: ReactionPath,
    set: bool,
) -> Result<Answer, ApiError> {
    let context = context.by_member(scope.contact);
    let (contact, message) = (scope.contact, path.message_id);
    chat_with(service, scope, path.chat_jid, message).await?;
    let name = reaction::known(&path.name).ok_or_else(|| ApiError::field("name", Text::DoesNotExist))?;
    let command = |_: &Message| match set {
        true => message::Command::React { contact, name: name.to_owned() },
        false => message::Command::Unreact { contact, name: name.to_owned() },
    };
    let stream = service.aggregates.message_stream(MessageKey { team: scope.team, message }).await?;
    let done = service.aggregates.transact(&context, stream, command).await?;
    show(service, &context, scope, message, done.position, ApiVersion::V4).await
}
