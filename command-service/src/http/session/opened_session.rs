//! Opens sessions, whatever has proved the identity.

use crate::{aggregates::Transacted, answers::Answer, context::Context, service::CommandService};
use access::not_found;
use chrono::TimeDelta;
use domain::account::{self, Account, Login, NamedDevice};
use events::{AccountId, Position, SessionId, StreamName, value::SessionKind};
use platform::http::ApiError;
use protocol::{ApiVersion, account::Me, session::LoggedIn};
use secrets::vault::Purpose;

/// Random bytes of a session token, which give 32 characters.
const TOKEN_BYTES: usize = 24;

/// A new session, with the token that only the client gets.
pub(crate) struct OpenedSession {
    pub(crate) account: AccountId,
    pub(crate) token: String,
    pub(crate) position: Position,
}

impl OpenedSession {
    /// The account as its owner sees it, once the read model has the session.
    pub(crate) async fn me(
        &self,
        service: &CommandService,
        context: &Context,
        version: ApiVersion,
    ) -> Result<Me, ApiError> {
        // Waits whatever the client prefers: until then the token opens nothing.
        let me = service
            .answers
            .settled(context, self.position, || service.access.read.accounts().me(self.account, version))
            .await?;
        me.ok_or_else(not_found)
    }

    /// The answer of logins that return a token.
    pub(crate) async fn answer(
        self,
        service: &CommandService,
        context: &Context,
        version: ApiVersion,
    ) -> Result<Answer, ApiError> {
        let me = self.me(service, context, version).await?;
        service.answers.answer(context, self.position, &LoggedIn { me, token: self.token })
    }
}

/// Opens a session of an account whose identity is proved. A session that the request came with goes on.
pub(super) async fn open_session(
    service: &CommandService,
    context: &mut Context,
    account: AccountId,
    session: SessionId,
    kind: SessionKind,
    device: Option<NamedDevice>,
) -> Result<OpenedSession, ApiError> {
    let (login, token) = new_login(service, context, session, kind, device)?;
    let stream = StreamName::account(account);
    let done: Transacted<Account> = service
        .aggregates
        .transact(context, stream, |_: &Account| account::Command::LogIn(login.clone()))
        .await?;
    Ok(OpenedSession { account, token, position: done.position })
}

/// A login to record, and the token of the session.
pub(crate) fn new_login(
    service: &CommandService,
    context: &mut Context,
    session: SessionId,
    kind: SessionKind,
    device: Option<NamedDevice>,
) -> Result<(Login, String), ApiError> {
    let auth = &service.access.config.auth;
    let days = if kind == SessionKind::Cookie { auth.cookie_days } else { auth.token_days };
    let token = context.secret(&service.vault, TOKEN_BYTES)?;
    let token_hash = hex::encode(service.vault.keyed_hash(Purpose::SessionToken, token.as_bytes()));
    let expires = context.now + TimeDelta::days(i64::from(days));
    Ok((Login { session, kind, token_hash, expires, device }, token))
}
