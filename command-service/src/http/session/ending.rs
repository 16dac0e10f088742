//! Ends sessions: by logout, or one or all others by their owner.

use crate::{
    aggregates::{TransactError, Transacted},
    answers::Answer,
    context::Context,
    http::command::{Command, NoInput},
    service::CommandService,
};
use access::{Caller, cookie, not_found};
use axum::extract::State;
use domain::account::{self, Account, Rejection};
use events::{AccountId, Position, SessionId, StreamName, value::SessionEnd};
use http::{
    HeaderMap,
    header::{COOKIE, SET_COOKIE},
};
use platform::http::{ApiError, Params, Reply, TOKEN, require_same_origin};
use protocol::{
    envelope::{Nothing, Success},
    error::ErrorCode,
    session::LoggedOut,
};

/// Log out
///
/// Ends the session of the cookie, and the session of the header `Token`.
#[utoipa::path(post, path = "/api/v3/cookieauth-logout", tag = "login",
    responses((status = 200, body = Success<LoggedOut>)), security(()))]
pub(crate) async fn logout(
    State(service): State<CommandService>,
    headers: HeaderMap,
    command: Command<NoInput>,
) -> Result<Reply<LoggedOut>, ApiError> {
    let mut context = command.context.named("session.close");
    require_same_origin(&context.request, &service.access.config)?;
    let mut reply = Reply::new(LoggedOut { location: "/".into() });
    // Each credential by itself, whether or not the other one is valid.
    for credential in [TOKEN, COOKIE] {
        let mut alone = HeaderMap::new();
        for value in headers.get_all(&credential) {
            alone.append(&credential, value.clone());
        }
        if let Some(caller) = session_of(&service, &alone).await? {
            context.set_actor(caller.account);
            let command = account::Command::LogOut(caller.id);
            let position = end(&service, &context, caller.account, command).await?;
            service.answers.settle(&context, position).await?;
            reply = reply.at(position);
        }
    }
    let cleared = cookie::clear(&service.access.config).ok_or_else(|| ApiError::internal("cookie"))?;
    Ok(reply.header(SET_COOKIE, cleared))
}

/// Log out by GET
///
/// Ends the session of the cookie, and the session of the header `Token`. Browsers name the page that asks, and pages of other sites
/// are refused.
#[utoipa::path(get, path = "/api/v3/cookieauth-logout", tag = "login",
    responses((status = 200, body = Success<LoggedOut>)), security(()))]
pub(crate) async fn logout_by_get(
    state: State<CommandService>,
    headers: HeaderMap,
    command: Command<NoInput>,
) -> Result<Reply<LoggedOut>, ApiError> {
    logout(state, headers, command).await
}

/// End one of the caller's sessions
///
/// The session may be the one that makes the call.
#[utoipa::path(delete, path = "/api/v4/sessions/{session_uid}", tag = "login",
    params(("session_uid" = String, Path, description = "Id of the session")),
    responses((status = 200, body = Success<Nothing>)))]
pub(crate) async fn end_session(
    State(service): State<CommandService>,
    caller: Caller,
    Params(session): Params<String>,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("session.end");
    let session: SessionId = session.parse().map_err(|_| not_found())?;
    let reason = SessionEnd::Ended;
    let position =
        end(&service, &context, caller.account, account::Command::EndSession { session, reason }).await?;
    service.answers.nothing(&context, position).await
}

/// End the caller's other sessions
///
/// The session that makes the call goes on.
#[utoipa::path(delete, path = "/api/v4/sessions", tag = "login",
    responses((status = 200, body = Success<Nothing>)))]
pub(crate) async fn end_other_sessions(
    State(service): State<CommandService>,
    caller: Caller,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("session.end_others");
    let others = account::Command::EndOtherSessions(caller.id);
    let position = end(&service, &context, caller.account, others).await?;
    service.answers.nothing(&context, position).await
}

async fn end(
    service: &CommandService,
    context: &Context,
    account: AccountId,
    command: account::Command,
) -> Result<Position, ApiError> {
    let stream = StreamName::account(account);
    let done: Result<Transacted<Account>, _> =
        service.aggregates.transact(context, stream, |_: &Account| command.clone()).await;
    match done {
        Ok(done) => Ok(done.position),
        Err(TransactError::Rejected(Rejection::NoSession)) => Err(not_found()),
        Err(error) => Err(error.into()),
    }
}

/// The session of the credentials in the headers, if they are valid.
async fn session_of(service: &CommandService, headers: &HeaderMap) -> Result<Option<Caller>, ApiError> {
    match service.access.authenticate(headers).await {
        Ok(caller) => Ok(Some(caller)),
        Err(error) if matches!(error.code(), ErrorCode::EmptyToken | ErrorCode::InvalidToken) => Ok(None),
        Err(error) => Err(error),
    }
}
