//! `GET /api/v4/teams/{team_uid}/chats/{chat_jid}/messages`, `…/messages/{message_id}`, `…/teams/{team_uid}/messages`,
//! `…/messages/{chat_jid}`, and `GET /api/v4/reactions`

mod list_params;

use crate::Queries;
use access::{Fresh, TeamView, not_found};
use axum::extract::State;
use domain::reaction;
use events::{MessageId, chat::ChatRef};
use list_params::ListParams;
use platform::http::{ApiError, Params, Query, Reply, RequestInfo};
use protocol::{
    ApiVersion, Jid,
    envelope::Success,
    message::{ChatMessages, FoundMessages, Message, MessageRecord, Reaction},
};
use read_model::{chat_address::chat_of, message::Filter, rights::ChatAccess};
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

/// List the messages of a chat
///
/// The newest first. The next page starts at `old_from`, the id of the last message: messages that are posted meanwhile
/// neither repeat nor hide any.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages", tag = "messages",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("chat_jid" = Jid, Path, description = "Address of the chat"), ListParams),
    responses((status = 200, body = Success<ChatMessages>)))]
pub(super) async fn list_chat_messages(
    State(queries): State<Queries>,
    fresh: Fresh,
    info: RequestInfo,
    scope: TeamView,
    Params(path): Params<ChatPath>,
    Query(params): Query<ListParams>,
) -> Result<Reply<ChatMessages>, ApiError> {
    let messages = chat_messages(&queries, &info, &scope, (path.chat_jid, &params)).await?;
    Ok(Reply::new(messages).at(scope.position(fresh)))
}

/// List the messages of a chat by its address
///
/// Another path of the list of a chat's messages.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/messages/{chat_jid}", tag = "messages",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("chat_jid" = Jid, Path, description = "Address of the chat"), ListParams),
    responses((status = 200, body = Success<ChatMessages>)))]
pub(super) async fn list_messages_by_chat_address(
    State(queries): State<Queries>,
    fresh: Fresh,
    info: RequestInfo,
    scope: TeamView,
    Params(path): Params<ChatPath>,
    Query(params): Query<ListParams>,
) -> Result<Reply<ChatMessages>, ApiError> {
    let messages = chat_messages(&queries, &info, &scope, (path.chat_jid, &params)).await?;
    Ok(Reply::new(messages).at(scope.position(fresh)))
}

async fn chat_messages(
    queries: &Queries,
    info: &RequestInfo,
    scope: &TeamView,
    (jid, params): (Jid, &ListParams),
) -> Result<ChatMessages, ApiError> {
    let chat = readable(scope, jid).await?;
    let filter = Filter { chat: Some(chat.key()), chat_type: None, ..params.filter(scope.contact)? };
    let window = params.window(scope, filter.chat).await?;
    let _permit = queries.search(scope.caller.account, filter.text.is_some())?;
    let found = scope.read.messages().page(scope, &filter, window).await?;
    Ok(ChatMessages { messages: found.iter().map(|message| render(message, scope, info)).collect() })
}

/// Search the messages of a team
///
/// Messages of all chats that the caller may read, the newest first.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/messages", tag = "messages",
    params(("team_uid" = String, Path, description = "Uid of the team"), ListParams),
    responses((status = 200, body = Success<FoundMessages>)))]
pub(super) async fn search_messages(
    State(queries): State<Queries>,
    fresh: Fresh,
    info: RequestInfo,
    scope: TeamView,
    Query(params): Query<ListParams>,
) -> Result<Reply<FoundMessages>, ApiError> {
    let filter = params.filter(scope.contact)?;
    let window = params.window(&scope, filter.chat).await?;
    let _permit = queries.search(scope.caller.account, filter.text.is_some())?;
    let found = scope.read.messages().page(&scope, &filter, window).await?;
    let messages: Vec<Message> = found.iter().map(|message| render(message, &scope, &info)).collect();
    let found = FoundMessages {
        count: scope.read.messages().count(&scope, &filter).await?,
        limit: window.limit.unsigned_abs(),
        objects: messages.clone(),
        messages,
        offset: window.offset.unsigned_abs(),
    };
    Ok(Reply::new(found).at(scope.position(fresh)))
}

/// Show a message
///
/// A deleted message is shown without its content.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages/{message_id}", tag = "messages",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("chat_jid" = Jid, Path, description = "Address of the chat"),
        ("message_id" = String, Path, description = "Id of the message")),
    responses((status = 200, body = Success<Message>)))]
pub(super) async fn show_message(
    fresh: Fresh,
    info: RequestInfo,
    scope: TeamView,
    Params(path): Params<MessagePath>,
) -> Result<Reply<Message>, ApiError> {
    let chat = readable(&scope, path.chat_jid).await?;
    let found = scope.read.messages().find_complete(&scope, path.message_id).await?;
    let Some(found) = found.filter(|message| message.chat == chat) else {
        scope.read.ensure_complete().await?;
        return Err(not_found());
    };
    Ok(Reply::new(render(&found, &scope, &info)).at(scope.position(fresh)))
}

/// List the possible reactions to messages
#[utoipa::path(get, path = "/api/v4/reactions", tag = "messages",
    responses((status = 200, body = Success<Vec<Reaction>>)), security(()))]
pub(super) async fn list_reactions() -> Reply<Vec<Reaction>> {
    Reply::new(reaction::NAMES.into_iter().map(|name| Reaction { name: name.to_owned() }).collect())
}

fn render(message: &MessageRecord, scope: &TeamView, info: &RequestInfo) -> Message {
    message.render_for(scope.contact, ApiVersion::V4, scope.read.base_url(), info.lang)
}

/// The chat with this address, if the caller may read it.
async fn readable(scope: &TeamView, jid: Jid) -> Result<ChatRef, ApiError> {
    let chat = chat_of(scope.contact, jid);
    match scope.read.chats().access(scope, chat).await? {
        ChatAccess::None => Err(not_found()),
        ChatAccess::Read | ChatAccess::Write => Ok(chat),
    }
}
