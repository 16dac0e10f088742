//! Logs in by codes that are sent by SMS; [`ending`] ends sessions.

mod clearance;
mod code;
pub(super) mod ending;
mod login_request;
pub(super) mod opened_session;

use crate::{
    answers::Answer,
    context::Context,
    http::{command::Command, device},
    idempotency::{CommandReply, OnReceipt},
    input::{Fields, checked},
    service::CommandService,
};
use access::cookie;
use axum::extract::State;
use code::CodeAttempt;
use events::value::SessionKind;
use http::header::SET_COOKIE;
use login_request::{IssuedRequestId, ReturnedRequestId};
use platform::http::{ApiError, Body, FieldErrors, Reply, require_same_origin};
use protocol::{
    ApiVersion,
    envelope::Success,
    session::{CodeSent, CodeSentV4, CookieLoggedIn, LoggedIn, SmsAuth, SmsCookieAuth, SmsLogin},
};

/// Request a login code by SMS (v3)
///
/// The first step of a login.
#[utoipa::path(post, path = "/api/v3/sms-login", tag = "login", request_body = SmsLogin,
    responses((status = 200, body = Success<CodeSent>,
        headers(("Login-Request", description = "Id of the request, which may be sent back with the code")))), security(()))]
pub(crate) async fn sms_login(
    State(service): State<CommandService>,
    returned: ReturnedRequestId,
    command: Command<Body<SmsLogin>>,
) -> Result<CommandReply, ApiError> {
    request_code(&service, &returned, command, ApiVersion::V3).await
}

/// Request a login code by SMS (v4)
///
/// The first step of a login. The answer says when another code may be requested.
#[utoipa::path(post, path = "/api/v4/auth/sms/send-code", tag = "login", request_body = SmsLogin,
    responses((status = 200, body = Success<CodeSentV4>,
        headers(("Login-Request", description = "Id of the request, which may be sent back with the code")))), security(()))]
pub(crate) async fn send_code(
    State(service): State<CommandService>,
    returned: ReturnedRequestId,
    command: Command<Body<SmsLogin>>,
) -> Result<CommandReply, ApiError> {
    request_code(&service, &returned, command, ApiVersion::V4).await
}

async fn request_code(
    service: &CommandService,
    returned: &ReturnedRequestId,
    command: Command<Body<SmsLogin>>,
    version: ApiVersion,
) -> Result<CommandReply, ApiError> {
    let Command { context, input: Body(input) } = command;
    let mut context = context.named("login.request_code");
    let issued = IssuedRequestId::new(service, &mut context)?;
    let send = |mut context: Context| {
        let issued = &issued;
        async move {
            let (sent, position) =
                code::send_code(service, &mut context, &input.phone, issued, returned).await?;
            match version {
                ApiVersion::V4 => service.answers.answer(&context, position, &sent),
                ApiVersion::V3 => {
                    let CodeSentV4 { code_length, code_valid_until, phone, .. } = sent;
                    let sent = CodeSent { code_length, code_valid_until, phone };
                    service.answers.answer(&context, position, &sent)
                }
            }
        }
    };
    let reply = service.idempotency.once(context, OnReceipt::Run, send).await?;
    issued.with(service, reply)
}

/// Log in with a code, and register a device
///
/// The second step of a login; the answer has the session's token.
#[utoipa::path(post, path = "/api/v3/sms-auth", tag = "login", request_body = SmsAuth,
    responses((status = 200, body = Success<LoggedIn>)), security(()))]
pub(crate) async fn sms_auth(
    State(service): State<CommandService>,
    returned: ReturnedRequestId,
    context: Context,
    Body(input): Body<SmsAuth>,
) -> Result<Answer, ApiError> {
    let mut context = context.named("login.by_sms");
    let mut errors = FieldErrors::default();
    let phone = errors.phone("phone", &input.phone);
    let device = device::read_login_device(&mut errors, &input.device_id, &input.kind, &input.name);
    errors.finish()?;
    let (phone, kind) = (checked(phone)?, SessionKind::Token);
    let attempt = CodeAttempt { phone, code: input.code, kind, device, returned };
    let opened = code::log_in_by_sms(&service, &mut context, attempt).await?;
    opened.answer(&service, &context, ApiVersion::V3).await
}

/// Log in with a code, without a device
///
/// The second step of a login; the answer has the session's token.
#[utoipa::path(post, path = "/api/v4/auth/sms/get-token", tag = "login", request_body = SmsCookieAuth,
    responses((status = 200, body = Success<LoggedIn>)), security(()))]
pub(crate) async fn get_token(
    State(service): State<CommandService>,
    returned: ReturnedRequestId,
    context: Context,
    Body(input): Body<SmsCookieAuth>,
) -> Result<Answer, ApiError> {
    let mut context = context.named("login.by_sms");
    let mut errors = FieldErrors::default();
    let phone = errors.phone("phone", &input.phone);
    errors.finish()?;
    let (kind, device) = (SessionKind::GetToken, None);
    let attempt = CodeAttempt { phone: checked(phone)?, code: input.code, kind, device, returned };
    let opened = code::log_in_by_sms(&service, &mut context, attempt).await?;
    opened.answer(&service, &context, ApiVersion::V4).await
}

/// Log in with a code, with the session in a cookie
///
/// The second step of a login in a browser.
#[utoipa::path(post, path = "/api/v3/sms-cookieauth", tag = "login", request_body = SmsCookieAuth,
    responses((status = 200, body = Success<CookieLoggedIn>)), security(()))]
pub(crate) async fn sms_cookieauth(
    State(service): State<CommandService>,
    returned: ReturnedRequestId,
    command: Command<Body<SmsCookieAuth>>,
) -> Result<Reply<CookieLoggedIn>, ApiError> {
    let Command { context, input: Body(input) } = command;
    let mut context = context.named("login.by_sms_cookie");
    require_same_origin(&context.request, &service.access.config)?;
    let mut errors = FieldErrors::default();
    let phone = errors.phone("phone", &input.phone);
    errors.finish()?;
    let (kind, device) = (SessionKind::Cookie, None);
    let attempt = CodeAttempt { phone: checked(phone)?, code: input.code, kind, device, returned };
    let opened = code::log_in_by_sms(&service, &mut context, attempt).await?;
    let me = opened.me(&service, &context, ApiVersion::V3).await?;
    let cookie =
        cookie::set(&opened.token, &service.access.config).ok_or_else(|| ApiError::internal("cookie"))?;
    Ok(Reply::new(CookieLoggedIn { me }).at(opened.position).header(SET_COOKIE, cookie))
}
