//! Logging in by SMS, and out: `sms-login`, `sms-auth`, `sms-cookieauth`, `get-token`; see [`ending`] for ends of sessions.

mod clearance;
mod code;
pub(super) mod ending;
mod login_request;
mod opening;

pub(super) use opening::OpenedSession;

use crate::{
    Commands,
    context::Command,
    http::device,
    idempotency::Answer,
    input::{Checks, checked},
};
use access::cookie;
use axum::extract::State;
use code::CodeAttempt;
use domain::{account::NamedDevice, limits};
use events::value::SessionKind;
use http::header::SET_COOKIE;
use login_request::{IssuedRequestId, ReturnedRequestId};
use platform::http::{ApiError, Body, Reply, require_same_origin};
use protocol::{
    ApiVersion,
    envelope::Success,
    session::{CodeSent, CodeSentV4, CookieLoggedIn, LoggedIn, SmsAuth, SmsCookieAuth, SmsLogin},
};

/// First part: sends a code to the phone.
#[utoipa::path(post, path = "/api/v3/sms-login", tag = "login", request_body = SmsLogin,
    responses((status = 200, body = Success<CodeSent>,
        headers(("Login-Request", description = "Names the request; may be sent back with the code")))), security(()))]
pub(super) async fn sms_login(
    State(commands): State<Commands>,
    sent_back: ReturnedRequestId,
    command: Command<Body<SmsLogin>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("login.request_code");
    let given = IssuedRequestId::new(&commands, &mut context)?;
    if let Some(answer) = commands.repeated(&context).await? {
        return given.with(&commands, answer);
    }
    let phone = &command.input.0.phone;
    let (sent, position) = commands.send_code(&mut context, phone, &given, &sent_back).await?;
    let CodeSentV4 { code_length, code_valid_until, phone, .. } = sent;
    let sent = CodeSent { code_length, code_valid_until, phone };
    given.with(&commands, commands.answer(&context, position, &sent).await?)
}

/// First part: sends a code to the phone, and says when there may be another.
#[utoipa::path(post, path = "/api/v4/auth/sms/send-code", tag = "login", request_body = SmsLogin,
    responses((status = 200, body = Success<CodeSentV4>,
        headers(("Login-Request", description = "Names the request; may be sent back with the code")))), security(()))]
pub(super) async fn send_code(
    State(commands): State<Commands>,
    sent_back: ReturnedRequestId,
    command: Command<Body<SmsLogin>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("login.request_code");
    let given = IssuedRequestId::new(&commands, &mut context)?;
    if let Some(answer) = commands.repeated(&context).await? {
        return given.with(&commands, answer);
    }
    let phone = &command.input.0.phone;
    let (sent, position) = commands.send_code(&mut context, phone, &given, &sent_back).await?;
    given.with(&commands, commands.answer(&context, position, &sent).await?)
}

/// Second part: the code opens a session and registers the device.
#[utoipa::path(post, path = "/api/v3/sms-auth", tag = "login", request_body = SmsAuth,
    responses((status = 200, body = Success<LoggedIn>)), security(()))]
pub(super) async fn sms_auth(
    State(commands): State<Commands>,
    sent_back: ReturnedRequestId,
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
    let (phone, kind) = (checked(phone)?, SessionKind::Token);
    let attempt = CodeAttempt { phone, code: input.code, kind, device, sent_back };
    let opened = commands.log_in_by_sms(&mut context, attempt).await?;
    opened.answer(&commands, &context, ApiVersion::V3).await
}

/// Second part without a device: the code opens a session.
#[utoipa::path(post, path = "/api/v4/auth/sms/get-token", tag = "login", request_body = SmsCookieAuth,
    responses((status = 200, body = Success<LoggedIn>)), security(()))]
pub(super) async fn get_token(
    State(commands): State<Commands>,
    sent_back: ReturnedRequestId,
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
    let (kind, device) = (SessionKind::GetToken, None);
    let attempt = CodeAttempt { phone: checked(phone)?, code: input.code, kind, device, sent_back };
    let opened = commands.log_in_by_sms(&mut context, attempt).await?;
    opened.answer(&commands, &context, ApiVersion::V4).await
}

/// Second part without a device: the session is in a cookie.
#[utoipa::path(post, path = "/api/v3/sms-cookieauth", tag = "login", request_body = SmsCookieAuth,
    responses((status = 200, body = Success<CookieLoggedIn>)), security(()))]
pub(super) async fn sms_cookieauth(
    State(commands): State<Commands>,
    sent_back: ReturnedRequestId,
    command: Command<Body<SmsCookieAuth>>,
) -> Result<Reply<CookieLoggedIn>, ApiError> {
    let mut context = command.context.named("login.by_sms_cookie");
    require_same_origin(&context.request, &commands.access.config)?;
    let Body(input) = command.input;
    let mut checks = Checks::default();
    let phone = checks.phone("phone", &input.phone);
    checks.done()?;
    let (kind, device) = (SessionKind::Cookie, None);
    let attempt = CodeAttempt { phone: checked(phone)?, code: input.code, kind, device, sent_back };
    let opened = commands.log_in_by_sms(&mut context, attempt).await?;
    let me = opened.me(&commands, &context, ApiVersion::V3).await?;
    let cookie =
        cookie::set(&opened.token, &commands.access.config).ok_or_else(|| ApiError::internal("cookie"))?;
    Ok(Reply::new(CookieLoggedIn { me }).at(opened.position).header(SET_COOKIE, cookie))
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
