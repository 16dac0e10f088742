//! `GET /api/v4/teams/{team_uid}/chats/{chat_jid}/messages`, `…/messages/{message_id}`, `…/teams/{team_uid}/messages`,
//! `…/messages/{chat_jid}`, and `GET /api/v4/reactions`

mod wanted;

use crate::Queries;
use access::{Fresh, TeamView, not_found};
use axum::extract::State;
use domain::reaction;
use events::MessageId;
use platform::http::{ApiError, Params, Query, Reply, RequestInfo};
use protocol::{
    ApiVersion, Jid,
    envelope::Success,
    message::{ChatMessages, FoundMessages, Message, Reaction},
};
use read_model::{chat_address::chat_of, message::Filter, rights::ChatAccess};
use serde::Deserialize;
use wanted::Wanted;

/// What the path of a chat's messages names.
#[derive(Debug, Deserialize)]
pub(super) struct ChatPath {
    chat_jid: Jid,
}

/// What the path of a message names.
#[derive(Debug, Deserialize)]
pub(super) struct MessagePath {
    chat_jid: Jid,
    message_id: MessageId,
}

/// Messages of a chat, newest first. Pages follow each other by `old_from`, the last one's id: what is posted meanwhile
/// neither repeats nor hides any.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages", tag = "messages",
    params(("team_uid" = String, Path), ("chat_jid" = Jid, Path), Wanted),
    responses((status = 200, body = Success<ChatMessages>)))]
pub(super) async fn list(
    State(queries): State<Queries>,
    fresh: Fresh,
    info: RequestInfo,
    scope: TeamView,
    Params(path): Params<ChatPath>,
    Query(wanted): Query<Wanted>,
) -> Result<Reply<ChatMessages>, ApiError> {
    Ok(Reply::new(chat_messages(&queries, &info, &scope, (path.chat_jid, &wanted)).await?)
        .at(scope.position(fresh)))
}

/// The same.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/messages/{chat_jid}", tag = "messages",
    params(("team_uid" = String, Path), ("chat_jid" = Jid, Path), Wanted),
    responses((status = 200, body = Success<ChatMessages>)))]
pub(super) async fn list_by_address(
    State(queries): State<Queries>,
    fresh: Fresh,
    info: RequestInfo,
    scope: TeamView,
    Params(path): Params<ChatPath>,
    Query(wanted): Query<Wanted>,
) -> Result<Reply<ChatMessages>, ApiError> {
    Ok(Reply::new(chat_messages(&queries, &info, &scope, (path.chat_jid, &wanted)).await?)
        .at(scope.position(fresh)))
}

/// Messages of all chats that the caller may read, newest first.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/messages", tag = "messages",
    params(("team_uid" = String, Path), Wanted), responses((status = 200, body = Success<FoundMessages>)))]
pub(super) async fn search(
    State(queries): State<Queries>,
    fresh: Fresh,
    info: RequestInfo,
    scope: TeamView,
    Query(wanted): Query<Wanted>,
) -> Result<Reply<FoundMessages>, ApiError> {
    let read = &scope.read;
    let filter = wanted.filter(scope.contact)?;
    let window = wanted.window(&scope, filter.chat).await?;
    let _permit = queries.search(scope.caller.account, filter.text.is_some())?;
    let found = read.messages().page(&scope, &filter, window).await?;
    let messages: Vec<Message> = found
        .iter()
        .map(|message| message.render_for(scope.contact, ApiVersion::V4, read.base_url(), info.lang))
        .collect();
    let found = FoundMessages {
        count: read.messages().count(&scope, &filter).await?,
        limit: window.limit.unsigned_abs(),
        objects: messages.clone(),
        messages,
        offset: window.offset.unsigned_abs(),
    };
    Ok(Reply::new(found).at(scope.position(fresh)))
}

/// One message of a chat; a deleted one without what it said.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/chats/{chat_jid}/messages/{message_id}", tag = "messages",
    params(("team_uid" = String, Path), ("chat_jid" = Jid, Path), ("message_id" = String, Path)),
    responses((status = 200, body = Success<Message>)))]
pub(super) async fn one(
    fresh: Fresh,
    info: RequestInfo,
    scope: TeamView,
    Params(path): Params<MessagePath>,
) -> Result<Reply<Message>, ApiError> {
    let chat = readable(&scope, path.chat_jid).await?;
    let found = scope.read.messages().find_complete(&scope, path.message_id).await?;
    let found = match found.filter(|message| message.chat == chat) {
        Some(message) => message,
        None => {
            scope.read.ensure_complete().await?;
            return Err(not_found());
        }
    };
    Ok(Reply::new(found.render_for(scope.contact, ApiVersion::V4, scope.read.base_url(), info.lang))
        .at(scope.position(fresh)))
}

/// The reactions that a message may get.
#[utoipa::path(get, path = "/api/v4/reactions", tag = "messages",
    responses((status = 200, body = Success<Vec<Reaction>>)), security(()))]
pub(super) async fn reactions() -> Reply<Vec<Reaction>> {
    Reply::new(reaction::NAMES.into_iter().map(|name| Reaction { name: name.to_owned() }).collect())
}

async fn chat_messages(
    queries: &Queries,
    info: &RequestInfo,
    scope: &TeamView,
    (jid, wanted): (Jid, &Wanted),
) -> Result<ChatMessages, ApiError> {
    let read = &scope.read;
    let chat = readable(scope, jid).await?;
    let filter = Filter { chat: Some(chat.key()), chat_type: None, ..wanted.filter(scope.contact)? };
    let window = wanted.window(scope, filter.chat).await?;
    let _permit = queries.search(scope.caller.account, filter.text.is_some())?;
    let found = read.messages().page(scope, &filter, window).await?;
    let seen = |message: &protocol::message::MessageRecord| {
        message.render_for(scope.contact, ApiVersion::V4, read.base_url(), info.lang)
    };
    Ok(ChatMessages { messages: found.iter().map(seen).collect() })
}

/// The chat that an address names, if the caller may read it.
async fn readable(scope: &TeamView, jid: Jid) -> Result<events::chat::ChatRef, ApiError> {
    let chat = chat_of(scope.contact, jid);
    match scope.read.chats().access(scope, chat).await? {
        ChatAccess::None => Err(not_found()),
        ChatAccess::Read | ChatAccess::Write => Ok(chat),
    }
}
