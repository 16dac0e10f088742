//! Ends of sessions: `cookieauth-logout`, and those that their owner ends from a list.

use crate::{
    Commands,
    accounts::refused,
    context::{Command, Context, NoInput},
    idempotency::Answer,
    transact::{InitialState, TransactError, Transacted},
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

/// Ends the session of the cookie, and that of the header `Token`.
#[utoipa::path(post, path = "/api/v3/cookieauth-logout", tag = "login",
    responses((status = 200, body = Success<LoggedOut>)), security(()))]
pub(in super::super) async fn logout(
    State(commands): State<Commands>,
    headers: HeaderMap,
    command: Command<NoInput>,
) -> Result<Reply<LoggedOut>, ApiError> {
    let mut context = command.context.named("session.close");
    require_same_origin(&context.request, &commands.access.config)?;
    let mut reply = Reply::new(LoggedOut { location: "/".into() });
    // Each for itself, whatever the other says.
    for credential in [TOKEN, COOKIE] {
        let mut alone = HeaderMap::new();
        for value in headers.get_all(&credential) {
            alone.append(&credential, value.clone());
        }
        if let Some(caller) = session_of(&commands, &alone).await? {
            context.set_actor(caller.account);
            let session = caller.id;
            let position = commands.end(&context, caller.account, account::Command::LogOut(session)).await?;
            commands.settle(&context, position).await?;
            reply = reply.at(position);
        }
    }
    let cleared = cookie::clear(&commands.access.config).ok_or_else(|| ApiError::internal("cookie"))?;
    Ok(reply.header(SET_COOKIE, cleared))
}

/// The same by GET, as the seed has it. Pages of others cannot cause it: browsers tell who asks.
#[utoipa::path(get, path = "/api/v3/cookieauth-logout", tag = "login",
    responses((status = 200, body = Success<LoggedOut>)), security(()))]
pub(in super::super) async fn logout_by_get(
    state: State<Commands>,
    headers: HeaderMap,
    command: Command<NoInput>,
) -> Result<Reply<LoggedOut>, ApiError> {
    logout(state, headers, command).await
}

/// Ends one of the caller's sessions, or the one that asks.
#[utoipa::path(delete, path = "/api/v4/sessions/{session_uid}", tag = "login",
    params(("session_uid" = String, Path, description = "The session")),
    responses((status = 200, body = Success<Nothing>)))]
pub(in super::super) async fn end_one(
    State(commands): State<Commands>,
    caller: Caller,
    Params(session): Params<String>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let context = command.context.named("session.end");
    if let Some(answer) = commands.removed_before(&context).await? {
        return Ok(answer);
    }
    let session: SessionId = session.parse().map_err(|_| not_found())?;
    let reason = SessionEnd::Ended;
    let position =
        commands.end(&context, caller.account, account::Command::EndSession { session, reason }).await?;
    commands.answer_nothing(&context, position).await
}

/// Ends all of the caller's sessions but the one that asks.
#[utoipa::path(delete, path = "/api/v4/sessions", tag = "login",
    responses((status = 200, body = Success<Nothing>)))]
pub(in super::super) async fn end_others(
    State(commands): State<Commands>,
    caller: Caller,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let context = command.context.named("session.end_others");
    if let Some(answer) = commands.removed_before(&context).await? {
        return Ok(answer);
    }
    let others = account::Command::EndOtherSessions(caller.id);
    let position = commands.end(&context, caller.account, others).await?;
    commands.answer_nothing(&context, position).await
}

impl Commands {
    async fn end(
        &self,
        context: &Context,
        account: AccountId,
        command: account::Command,
    ) -> Result<Position, ApiError> {
        let stream = StreamName::account(account);
        let done: Result<Transacted<Account>, TransactError<_>> =
            self.transact(context, stream, InitialState::Cached, |_: &Account| command.clone()).await;
        done.map(|done| done.position).map_err(|stop| {
            stop.or(|rejection| match rejection {
                Rejection::NoSession => not_found(),
                other => refused(other),
            })
        })
    }
}

/// The session that these headers open, if any.
async fn session_of(commands: &Commands, headers: &HeaderMap) -> Result<Option<Caller>, ApiError> {
    match commands.access.authenticate(headers).await {
        Ok(caller) => Ok(Some(caller)),
        Err(error) if matches!(error.code(), ErrorCode::EmptyToken | ErrorCode::InvalidToken) => Ok(None),
        Err(error) => Err(error),
    }
}
