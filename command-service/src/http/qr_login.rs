//! Logs in another device by a QR code: `qr-login.png`, `qr-auth`.

use crate::{
    answers::Answer,
    context::Context,
    http::{
        command::{Command, NoInput},
        device,
        session::opened_session::{OpenedSession, new_login},
    },
    service::CommandService,
};
use access::Caller;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;
use domain::account::{self, Account};
use events::{StreamName, value::SessionKind};
use http::header::CONTENT_TYPE;
use media::qr;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use platform::{
    http::{ApiError, Bare, Body, FieldErrors, Query, Reply, fields::strict_boolean, require_same_origin},
    limits::{Key, Limit},
};
use protocol::{
    ApiVersion,
    envelope::Success,
    lang::Text,
    session::{LoggedIn, QrAuth, QrOffer},
};
use secrets::vault::Purpose;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

/// Seconds for which a code is valid (`seed`).
const LIFETIME: u32 = 60;
/// Random bytes of a temporary token, which give 22 characters. The seed's 16 have fewer bits than a bearer secret needs.
const TOKEN_BYTES: usize = 16;
/// Encodes everything but letters, digits and `-._~`, as the seed's `127.0.0.1%3A8000`.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Longest percent-encoded `value`.
const LONGEST_VALUE: usize = 256;

/// The query of `qr-login.png`.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct QrQuery {
    /// `true` or `1` answers with JSON instead of a picture.
    debug: Option<String>,
    /// Token to draw, which opens nothing; for tests of scanners.
    value: Option<String>,
}

/// Get a QR code that logs in another device
///
/// The code opens a session of the caller's account, once, within 60 seconds.
#[utoipa::path(get, path = "/api/v3/qr-login.png", tag = "login", params(QrQuery), responses(
    (status = 200, description = "The picture, or its content with `debug=true`",
        content((Vec<u8> = "image/png"), (Success<QrOffer> = "application/json")))))]
pub(crate) async fn offer_qr_login(
    State(service): State<CommandService>,
    caller: Caller,
    Query(query): Query<QrQuery>,
    command: Command<NoInput>,
) -> Result<Response, ApiError> {
    let mut context = command.context.named("qr_login.offer");
    if caller.by_cookie() {
        require_same_origin(&context.request, &service.access.config)?;
    }
    service.access.limits.check(Limit::QrLoginPerAccount, &Key::Account(caller.account.0))?;
    let token = match query.value.map(|value| utf8_percent_encode(&value, UNRESERVED).to_string()) {
        Some(value) if value.len() > LONGEST_VALUE => {
            return Err(ApiError::field("value", Text::TooLong { max: LONGEST_VALUE }));
        }
        // Never a login token: a link with a chosen value would fix a session onto those who open it.
        Some(value) => value,
        None => {
            let token = context.secret(&service.vault, TOKEN_BYTES)?;
            offer(&service, &mut context, &caller, &token).await?;
            token
        }
    };
    let host = utf8_percent_encode(service.access.read.host(), UNRESERVED);
    let url = format!("otv://qr-login/{host}/{token}");
    if query.debug.is_some_and(|debug| strict_boolean(&debug) == Ok(true)) {
        return Ok(Reply::new(QrOffer { lifetime_sec: LIFETIME, url }).into_response());
    }
    let png = qr::png(&url).map_err(ApiError::internal)?;
    Ok(Bare(([(CONTENT_TYPE, "image/png")], png)).into_response())
}

/// Records the offer of a session, and waits until the read model has it.
async fn offer(
    service: &CommandService,
    context: &mut Context,
    caller: &Caller,
    token: &str,
) -> Result<(), ApiError> {
    let token_hash = hex::encode(service.vault.keyed_hash(Purpose::QrToken, token.as_bytes()));
    let (offer, session): (Uuid, _) = (context.id(), caller.id);
    let valid_until = context.now + TimeDelta::seconds(LIFETIME.into());
    let command = |_: &Account| account::Command::OfferQr {
        offer,
        session,
        token_hash: token_hash.clone(),
        valid_until,
    };
    let stream = StreamName::account(caller.account);
    let done = service.aggregates.transact(context, stream, command).await?;
    service.answers.settle(context, done.position).await.map(drop)
}

/// Log in with a scanned QR code
///
/// Opens a session of the account that showed the code, and registers the device.
#[utoipa::path(post, path = "/api/v3/qr-auth", tag = "login", request_body = QrAuth,
    responses((status = 200, body = Success<LoggedIn>)), security(()))]
pub(crate) async fn qr_auth(
    State(service): State<CommandService>,
    context: Context,
    Body(input): Body<QrAuth>,
) -> Result<Answer, ApiError> {
    let mut context = context.named("login.by_qr");
    let mut errors = FieldErrors::default();
    let device = device::read_login_device(&mut errors, &input.device_id, &input.kind, &input.name);
    errors.finish()?;
    service.access.limits.check(Limit::QrAuthPerAddress, &Key::Address(context.request.client))?;
    let found = service.access.read.sessions().qr_offer(&input.temp_token, context.now).await?;
    let (account, token_hash) = found.ok_or_else(|| ApiError::field("temp_token", Text::BadToken))?;
    context.set_actor(account);
    let session = context.id();
    let (login, token) = new_login(&service, &mut context, session, SessionKind::Qr, device)?;
    let now = context.now;
    let command =
        |_: &Account| account::Command::UseQr { token_hash: token_hash.clone(), login: login.clone(), now };
    let done = service.aggregates.transact(&context, StreamName::account(account), command).await?;
    OpenedSession { account, token, position: done.position }.answer(&service, &context, ApiVersion::V3).await
}
