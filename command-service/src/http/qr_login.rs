//! Logging in another device by QR code: `qr-login.png`, `qr-auth`.

use crate::{
    Commands,
    accounts::refused,
    context::{Command, NoInput},
    http::session::{OpenedSession, named_device},
    idempotency::Answer,
    input::Checks,
    transact::{InitialState, Transacted},
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
    http::{ApiError, Bare, Body, Query, Reply, require_same_origin},
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

/// Seconds for which a code works (`seed`).
const LIFETIME: u32 = 60;
/// Random bytes of a temporary token: 22 characters. The seed's 16 are fewer bits than a bearer secret needs.
const TOKEN_BYTES: usize = 16;
/// Everything but letters, digits and `-._~` is encoded, as the seed's `127.0.0.1%3A8000`.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Longest text that `value` may have drawn, as it stands in the link: what is no letter there takes more than one.
const LONGEST_VALUE: usize = 256;

/// The query of `qr-login.png`.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct QrQuery {
    /// `True` answers with JSON instead of a picture.
    debug: Option<String>,
    /// Draws this token, which opens nothing: for tests of scanners.
    value: Option<String>,
}

/// A QR code with which another device may log in to the caller's account, once, within 60 seconds.
#[utoipa::path(get, path = "/api/v3/qr-login.png", tag = "login", params(QrQuery), responses(
    (status = 200, description = "The picture, or with debug=True what it says",
        content((Vec<u8> = "image/png"), (Success<QrOffer> = "application/json")))))]
pub(super) async fn offer(
    State(commands): State<Commands>,
    caller: Caller,
    Query(query): Query<QrQuery>,
    command: Command<NoInput>,
) -> Result<Response, ApiError> {
    let mut context = command.context.named("qr_login.offer");
    if caller.by_cookie() {
        require_same_origin(&context.request, &commands.access.config)?;
    }
    commands.access.limits.check(Limit::QrLoginPerAccount, &Key::Account(caller.account.0))?;
    let token = match query.value.map(|value| utf8_percent_encode(&value, UNRESERVED).to_string()) {
        Some(value) if value.len() > LONGEST_VALUE => {
            return Err(ApiError::field("value", Text::TooLong { max: LONGEST_VALUE }));
        }
        // Never a login token: a link with a chosen value would fix one onto whoever opens it.
        Some(value) => value,
        None => {
            let token = context.secret(&commands.vault, TOKEN_BYTES)?;
            let token_hash = hex::encode(commands.vault.keyed_hash(Purpose::QrToken, token.as_bytes()));
            let (offer, session): (Uuid, _) = (context.id(), caller.id);
            let valid_until = context.now + TimeDelta::seconds(LIFETIME.into());
            let done: Transacted<Account> = commands
                .transact(
                    &context,
                    StreamName::account(caller.account),
                    InitialState::Cached,
                    |_: &Account| account::Command::OfferQr {
                        offer,
                        session,
                        token_hash: token_hash.clone(),
                        valid_until,
                    },
                )
                .await
                .map_err(|stop| stop.or(refused))?;
            commands.settle(&context, done.position).await?;
            token
        }
    };
    let host = utf8_percent_encode(commands.access.read.host(), UNRESERVED);
    let url = format!("otv://qr-login/{host}/{token}");
    if query.debug.is_some_and(|debug| debug == "1" || debug.eq_ignore_ascii_case("true")) {
        return Ok(Reply::new(QrOffer { lifetime_sec: LIFETIME, url }).into_response());
    }
    let png = qr::png(&url).map_err(ApiError::internal)?;
    Ok(Bare(([(CONTENT_TYPE, "image/png")], png)).into_response())
}

/// Logs in the device that scanned the code, to the account that showed it.
#[utoipa::path(post, path = "/api/v3/qr-auth", tag = "login", request_body = QrAuth,
    responses((status = 200, body = Success<LoggedIn>)), security(()))]
pub(super) async fn qr_auth(
    State(commands): State<Commands>,
    command: Command<Body<QrAuth>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("login.by_qr");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    let Body(input) = command.input;
    let mut checks = Checks::default();
    let device = named_device(&mut checks, &input.device_id, &input.kind, &input.name);
    checks.done()?;
    commands.access.limits.check(Limit::QrAuthPerAddress, &Key::Address(context.request.client))?;
    let found = commands.access.read.sessions().qr_offer(&input.temp_token, context.now).await?;
    let (account, token_hash) = found.ok_or_else(|| ApiError::field("temp_token", Text::BadToken))?;
    context.set_actor(account);
    let session = context.id();
    let (login, token) = commands.new_login(&mut context, session, SessionKind::Qr, device)?;
    let now = context.now;
    let done: Transacted<Account> = commands
        .transact(&context, StreamName::account(account), InitialState::Cached, |_: &Account| {
            account::Command::UseQr { token_hash: token_hash.clone(), login: login.clone(), now }
        })
        .await
        .map_err(|stop| stop.or(refused))?;
    OpenedSession { account, token, position: done.position }
        .answer(&commands, &context, ApiVersion::V3)
        .await
}
