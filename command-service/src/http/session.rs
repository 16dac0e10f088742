//! Logging in by SMS, and out: `sms-login`, `sms-auth`, `sms-cookieauth`, `cookieauth-logout`.

use crate::{
    Commands,
    accounts::{Named, refused},
    context::{Command, Context, NoInput},
    http::device,
    input::{Checks, checked},
    repeat::Answer,
    transact::{Done, Start, Stop},
};
use access::{Caller, cookie, refusal::not_found, refuse};
use axum::extract::State;
use chrono::TimeDelta;
use domain::{
    account::{self, Account, Login, NamedDevice},
    limits,
    phone::{self, CodePolicy, Phone},
    phone_number::PhoneNumber,
};
use events::{AccountId, Position, SessionId, StreamName, value::SessionKind};
use http::{HeaderMap, header::SET_COOKIE};
use platform::{
    http::{ApiError, Body, Reply, require_same_origin},
    limits::{Key, Limit},
    vault::{self, Purpose},
};
use protocol::{
    account::Me,
    contact::Edition,
    envelope::Success,
    error::ErrorCode,
    lang::{Lang, Text},
    session::{CodeSent, CodeSentV4, CookieLoggedIn, LoggedIn, LoggedOut, SmsAuth, SmsCookieAuth, SmsLogin},
};
use std::time::Duration;

/// Random bytes of a session token: 32 characters.
const TOKEN_BYTES: usize = 24;

/// First part: sends a code to the phone.
#[utoipa::path(post, path = "/api/v3/sms-login", tag = "login", request_body = SmsLogin,
    responses((status = 200, body = Success<CodeSent>)), security(()))]
pub(super) async fn sms_login(
    State(commands): State<Commands>,
    command: Command<Body<SmsLogin>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("login.request_code");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    let (sent, position) = commands.send_code(&mut context, &command.input.0.phone).await?;
    let CodeSentV4 { code_length, code_valid_until, phone, .. } = sent;
    commands.answer(&context, position, &CodeSent { code_length, code_valid_until, phone }).await
}

/// First part: sends a code to the phone, and says when there may be another.
#[utoipa::path(post, path = "/api/v4/auth/sms/send-code", tag = "login", request_body = SmsLogin,
    responses((status = 200, body = Success<CodeSentV4>)), security(()))]
pub(super) async fn send_code(
    State(commands): State<Commands>,
    command: Command<Body<SmsLogin>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("login.request_code");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    let (sent, position) = commands.send_code(&mut context, &command.input.0.phone).await?;
    commands.answer(&context, position, &sent).await
}

/// Second part: the code opens a session and registers the device.
#[utoipa::path(post, path = "/api/v3/sms-auth", tag = "login", request_body = SmsAuth,
    responses((status = 200, body = Success<LoggedIn>)), security(()))]
pub(super) async fn sms_auth(
    State(commands): State<Commands>,
    command: Command<Body<SmsAuth>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("login.by_sms");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    let Body(input) = command.input;
    let mut checks = Checks::default();
    let phone = checks.phone("phone", &input.phone);
    let device = named_device(&mut checks, &input.device_id, &input.kind, &input.name);
    checks.done()?;
    let entered = Entered { phone: checked(phone)?, code: input.code, kind: SessionKind::Token, device };
    let opened = commands.log_in_by_sms(&mut context, entered).await?;
    opened.answer(&commands, &context, Edition::V3).await
}

/// Second part without a device: the code opens a session.
#[utoipa::path(post, path = "/api/v4/auth/sms/get-token", tag = "login", request_body = SmsCookieAuth,
    responses((status = 200, body = Success<LoggedIn>)), security(()))]
pub(super) async fn get_token(
    State(commands): State<Commands>,
    command: Command<Body<SmsCookieAuth>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("login.by_sms");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    let Body(input) = command.input;
    let mut checks = Checks::default();
    let phone = checks.phone("phone", &input.phone);
    checks.done()?;
    let (kind, device) = (SessionKind::Token, None);
    let entered = Entered { phone: checked(phone)?, code: input.code, kind, device };
    let opened = commands.log_in_by_sms(&mut context, entered).await?;
    opened.answer(&commands, &context, Edition::V4).await
}

/// Second part without a device: the session is in a cookie.
#[utoipa::path(post, path = "/api/v3/sms-cookieauth", tag = "login", request_body = SmsCookieAuth,
    responses((status = 200, body = Success<CookieLoggedIn>)), security(()))]
pub(super) async fn sms_cookieauth(
    State(commands): State<Commands>,
    command: Command<Body<SmsCookieAuth>>,
) -> Result<Reply<CookieLoggedIn>, ApiError> {
    let mut context = command.context.named("login.by_sms_cookie");
    require_same_origin(&context.request, &commands.access.config)?;
    let Body(input) = command.input;
    let mut checks = Checks::default();
    let phone = checks.phone("phone", &input.phone);
    checks.done()?;
    let entered =
        Entered { phone: checked(phone)?, code: input.code, kind: SessionKind::Cookie, device: None };
    let opened = commands.log_in_by_sms(&mut context, entered).await?;
    let me = opened.me(&commands, &context, Edition::V3).await?;
    let cookie =
        cookie::set(&opened.token, &commands.access.config).ok_or_else(|| ApiError::internal("cookie"))?;
    Ok(Reply::new(CookieLoggedIn { me }).at(opened.position).header(SET_COOKIE, cookie))
}

/// Ends the session of the cookie.
#[utoipa::path(post, path = "/api/v3/cookieauth-logout", tag = "login",
    responses((status = 200, body = Success<LoggedOut>)), security(()))]
pub(super) async fn logout(
    State(commands): State<Commands>,
    headers: HeaderMap,
    command: Command<NoInput>,
) -> Result<Reply<LoggedOut>, ApiError> {
    let mut context = command.context.named("session.close");
    require_same_origin(&context.request, &commands.access.config)?;
    let mut reply = Reply::new(LoggedOut { location: "/".into() });
    if let Some(caller) = cookie_session(&commands, &headers).await? {
        context.by(caller.account);
        let session = caller.id;
        let done: Done<Account> = commands
            .transact(&context, StreamName::account(caller.account), Start::Known, |_: &Account| {
                account::Command::LogOut(session)
            })
            .await
            .map_err(|stop| stop.or(refused))?;
        commands.settle(&context, done.position).await?;
        reply = reply.at(done.position);
    }
    let cleared = cookie::clear(&commands.access.config).ok_or_else(|| ApiError::internal("cookie"))?;
    Ok(reply.header(SET_COOKIE, cleared))
}

/// The same by GET, as the seed has it. Pages of others cannot cause it: browsers tell who asks.
#[utoipa::path(get, path = "/api/v3/cookieauth-logout", tag = "login",
    responses((status = 200, body = Success<LoggedOut>)), security(()))]
pub(super) async fn logout_by_get(
    state: State<Commands>,
    headers: HeaderMap,
    command: Command<NoInput>,
) -> Result<Reply<LoggedOut>, ApiError> {
    logout(state, headers, command).await
}

/// The session of the cookie, whatever the header `Token` says: a token is not ended by a logout of the cookie.
async fn cookie_session(commands: &Commands, headers: &HeaderMap) -> Result<Option<Caller>, ApiError> {
    let mut cookies = headers.clone();
    cookies.remove(platform::http::TOKEN);
    match commands.access.authenticate(&cookies).await {
        Ok(caller) => Ok(Some(caller)),
        Err(error) if matches!(error.code(), ErrorCode::EmptyToken | ErrorCode::InvalidToken) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What somebody entered to log in.
struct Entered {
    phone: PhoneNumber,
    code: String,
    kind: SessionKind,
    device: Option<NamedDevice>,
}

/// A session that was opened just now.
pub(super) struct Opened {
    pub(super) account: AccountId,
    pub(super) token: String,
    pub(super) position: Position,
}

impl Opened {
    /// The account as it sees itself, once the read model has the session.
    async fn me(&self, commands: &Commands, context: &Context, edition: Edition) -> Result<Me, ApiError> {
        // A token that does not open anything yet is of no use, whatever the client prefers.
        let me = commands
            .settled(context, self.position, || commands.access.read.me(self.account, edition))
            .await?;
        me.ok_or_else(not_found)
    }

    /// What `sms-auth` and `qr-auth` answer.
    pub(super) async fn answer(
        self,
        commands: &Commands,
        context: &Context,
        edition: Edition,
    ) -> Result<Answer, ApiError> {
        let me = self.me(commands, context, edition).await?;
        commands.answer(context, self.position, &LoggedIn { me, token: self.token }).await
    }
}

impl Commands {
    /// Asks for a code to be sent, within what a phone and an address may ask for.
    async fn send_code(
        &self,
        context: &mut Context,
        phone: &str,
    ) -> Result<(CodeSentV4, Position), ApiError> {
        let mut checks = Checks::default();
        let phone = checks.phone("phone", phone);
        checks.done()?;
        let phone = checked(phone)?;
        let address = Key::Address(context.request.client);
        self.access.limits.check(Limit::SmsLoginPerAddress, &address)?;
        self.access.limits.check(Limit::SmsLoginPerNetwork, &address)?;

        let stream = StreamName::phone(&hex::encode(self.phone_hash(&phone)));
        let known: Phone = self.current(&stream).await?;
        let account = known.owner().unwrap_or_else(|| context.id());
        context.by(account);
        // A number that nobody has gets an account's key here; whoever measures must not learn of it (`security.md`,
        // 6.3.8).
        self.ensure_key_evenly(account).await?;
        let nonce = context.id();
        let lang = if context.request.lang == Lang::En { "en" } else { "ru" };
        let policy = code_policy(self);
        let done: Done<Phone> = self
            .transact(context, stream, Start::Known, |_: &Phone| phone::Command::RequestCode {
                nonce,
                account,
                phone: phone.as_str().to_owned(),
                lang: lang.to_owned(),
                policy,
                now: context.now,
            })
            .await
            .map_err(|stop| stop.or(code_refused))?;
        let code = done.state.code().ok_or_else(not_found)?;
        let sent = CodeSentV4 {
            code_length: code.length,
            code_valid_until: done.state.code_valid_until().unwrap_or(context.now).into(),
            next_code_at: done.state.next_code_at(&policy).unwrap_or(context.now).into(),
            phone: phone.as_str().to_owned(),
        };
        Ok((sent, done.position))
    }

    async fn log_in_by_sms(&self, context: &mut Context, entered: Entered) -> Result<Opened, ApiError> {
        // Before the code is used up: while the read model is made anew, nobody could be told who they are.
        self.access.read.whole().await.map_err(refuse)?;
        let limits = &self.access.limits;
        limits.check(Limit::SmsAuthPerAddress, &Key::Address(context.request.client))?;
        limits.allowed(Limit::SmsAuthGlobalFailures, &Key::Global)?;
        let (session, account_id): (SessionId, AccountId) = (context.id(), context.id());
        let account = self.try_code(context, &entered, session).await?.unwrap_or(account_id);
        context.by(account);
        let named = Named {
            phone: entered.phone.clone(),
            given_name: String::new(),
            family_name: String::new(),
            team: None,
            fresh: account,
        };
        let hash = hex::encode(self.phone_hash(&entered.phone));
        self.register(&context.on_the_way(), account, hash, named).await?;
        self.open_session(context, account, session, entered.kind, entered.device).await
    }

    /// Compares the code with the one that was sent, counts the try, and says whose phone it is.
    async fn try_code(
        &self,
        context: &Context,
        entered: &Entered,
        session: SessionId,
    ) -> Result<Option<AccountId>, ApiError> {
        let hash = self.phone_hash(&entered.phone);
        let stream = StreamName::phone(&hex::encode(hash));
        let policy = code_policy(self);
        let fixed = &self.access.config.auth.fixed_code;
        let done: Result<Done<Phone>, Stop<_>> = self
            .transact(&context.on_the_way(), stream, Start::Known, |phone: &Phone| {
                let expected = phone.code().map(|code| match fixed.is_empty() {
                    true => self.vault.login_code(&hash, code.nonce, code.length),
                    false => fixed.clone(),
                });
                let correct = expected
                    .is_some_and(|code| vault::equal(code.as_bytes(), entered.code.trim().as_bytes()));
                let nonce = phone.code().map(|code| code.nonce);
                phone::Command::TryCode { nonce, correct, session, policy, now: context.now }
            })
            .await;
        let done = done.map_err(|stop| stop.or(code_refused))?;
        if done.events.iter().any(|event| matches!(event, events::PhoneEvent::CodeRejected(_))) {
            self.access.limits.failed(Limit::SmsAuthGlobalFailures, &Key::Global);
            return Err(ApiError::field("code", Text::WrongCode));
        }
        Ok(done.state.owner())
    }

    /// Opens a session for an account that proved itself. Any session the request came with is left alone: a login
    /// always makes a new one (`security.md`, ASVS 7.2.4).
    async fn open_session(
        &self,
        context: &mut Context,
        account: AccountId,
        session: SessionId,
        kind: SessionKind,
        device: Option<NamedDevice>,
    ) -> Result<Opened, ApiError> {
        let (login, token) = self.new_login(context, session, kind, device)?;
        let stream = StreamName::account(account);
        let done: Done<Account> = self
            .transact(context, stream, Start::Known, |_: &Account| account::Command::LogIn(login.clone()))
            .await
            .map_err(|stop| stop.or(refused))?;
        Ok(Opened { account, token, position: done.position })
    }

    /// A login to be recorded, and the token that only the client gets.
    pub(super) fn new_login(
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

/// The device that a login names.
pub(super) fn named_device(
    checks: &mut Checks,
    device_id: &str,
    kind: &str,
    name: &str,
) -> Option<NamedDevice> {
    let device_id = device::device_id(checks, device_id);
    let name = checks.line("name", name, limits::DEVICE_ID);
    device::kind(checks, kind).map(|kind| NamedDevice { device_id, kind, name })
}

fn code_policy(commands: &Commands) -> CodePolicy {
    let auth = &commands.access.config.auth;
    CodePolicy {
        length: auth.code_length,
        lifetime: TimeDelta::seconds(auth.code_ttl_sec.into()),
        resend_after: TimeDelta::seconds(auth.resend_after_sec.into()),
        tries: auth.code_tries,
        per_hour: auth.codes_per_hour as usize,
        per_day: auth.codes_per_day as usize,
    }
}

/// The same answer for known and unknown phones.
fn code_refused(rejection: phone::Rejection) -> ApiError {
    match rejection {
        phone::Rejection::TooManyCodes { retry_after } => ApiError::new(ErrorCode::RateLimit)
            .because(Text::SlowDown { seconds: retry_after })
            .retry_after(Duration::from_secs(retry_after)),
        phone::Rejection::NoCode => ApiError::field("code", Text::CodeExpired),
        phone::Rejection::TooManyTries => ApiError::field("code", Text::TooManyTries),
    }
}
