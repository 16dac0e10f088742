//! Sessions that are opened, whatever proved who it is.

use crate::{
    Commands,
    accounts::refused,
    context::Context,
    idempotency::Answer,
    transact::{InitialState, Transacted},
};
use access::not_found;
use chrono::TimeDelta;
use domain::account::{self, Account, Login, NamedDevice};
use events::{AccountId, Position, SessionId, StreamName, value::SessionKind};
use platform::http::ApiError;
use protocol::{ApiVersion, account::Me, session::LoggedIn};
use secrets::vault::Purpose;

/// Random bytes of a session token: 32 characters.
const TOKEN_BYTES: usize = 24;

/// A session that was opened just now.
pub(in super::super) struct OpenedSession {
    pub(in super::super) account: AccountId,
    pub(in super::super) token: String,
    pub(in super::super) position: Position,
}

impl OpenedSession {
    /// The account as it sees itself, once the read model has the session.
    pub(super) async fn me(
        &self,
        commands: &Commands,
        context: &Context,
        version: ApiVersion,
    ) -> Result<Me, ApiError> {
        // A token that does not open anything yet is of no use, whatever the client prefers.
        let me = commands
            .settled(context, self.position, || commands.access.read.accounts().me(self.account, version))
            .await?;
        me.ok_or_else(not_found)
    }

    /// What `sms-auth` and `qr-auth` answer.
    pub(in super::super) async fn answer(
        self,
        commands: &Commands,
        context: &Context,
        version: ApiVersion,
    ) -> Result<Answer, ApiError> {
        let me = self.me(commands, context, version).await?;
        commands.answer(context, self.position, &LoggedIn { me, token: self.token }).await
    }
}

impl Commands {
    /// Opens a session for an account that proved itself. Any session the request came with is left alone: a login
    /// always makes a new one.
    pub(super) async fn open_session(
        &self,
        context: &mut Context,
        account: AccountId,
        session: SessionId,
        kind: SessionKind,
        device: Option<NamedDevice>,
    ) -> Result<OpenedSession, ApiError> {
        let (login, token) = self.new_login(context, session, kind, device)?;
        let stream = StreamName::account(account);
        let done: Transacted<Account> = self
            .transact(context, stream, InitialState::Cached, |_: &Account| {
                account::Command::LogIn(login.clone())
            })
            .await
            .map_err(|stop| stop.or(refused))?;
        Ok(OpenedSession { account, token, position: done.position })
    }

    /// A login to be recorded, and the token that only the client gets.
    pub(in super::super) fn new_login(
        &self,
        context: &mut Context,
        session: SessionId,
        kind: SessionKind,
        device: Option<NamedDevice>,
    ) -> Result<(Login, String), ApiError> {
        let auth = &self.access.config.auth;
        let days = if kind == SessionKind::Cookie { auth.cookie_days } else { auth.token_days };
        let token = context.secret(&self.vault, TOKEN_BYTES)?;
        let token_hash = hex::encode(self.vault.keyed_hash(Purpose::SessionToken, token.as_bytes()));
        let expires = context.now + TimeDelta::days(i64::from(days));
        Ok((Login { session, kind, token_hash, expires, device }, token))
    }
}
