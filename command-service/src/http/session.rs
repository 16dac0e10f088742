//! Logging in by SMS, and out: `sms-login`, `sms-auth`, `sms-cookieauth`, `cookieauth-logout`.

mod code;
mod opening;

pub(super) use opening::Opened;

use crate::{
    Commands,
    accounts::refused,
    context::{Command, NoInput},
    http::device,
    input::{Checks, checked},
    repeat::Answer,
    transact::{Done, Start},
};
use access::{Caller, cookie};
use axum::extract::State;
use code::Entered;
use domain::{
    account::{self, Account, NamedDevice},
    limits,
};
use events::{StreamName, value::SessionKind};
use http::{HeaderMap, header::SET_COOKIE};
use platform::http::{ApiError, Body, Reply, require_same_origin};
use protocol::{
    contact::Edition,
    envelope::Success,
    error::ErrorCode,
    session::{CodeSent, CodeSentV4, CookieLoggedIn, LoggedIn, LoggedOut, SmsAuth, SmsCookieAuth, SmsLogin},
};

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
