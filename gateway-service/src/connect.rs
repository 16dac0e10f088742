//! `GET /messaging/{team_uid}`: from a request to a socket or a refusal.
//!
//! Wrong credentials and a wrong team are reported over the socket, as the protocol demands; violations of browser
//! security and an unhealthy server are refused before the upgrade.

use crate::{
    close_code,
    connection_limits::too_many,
    credentials::{Credentials, is_foreign},
    frame,
    gateway::Gateway,
    socket::{self, Identity, roster},
    transport::Transport,
    upgrade::Upgrade,
    upstream::Sender,
};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use events::TeamId;
use http::HeaderMap;
use platform::{
    http::{ApiError, RequestInfo},
    limits::{Key, Limit},
};
use protocol::{FeedPosition, error::ErrorCode, lang::Text, realtime::ServerEvent};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Value of `from` that resumes at the last acknowledged frame.
const CONFIRMED: &str = "confirmed";

/// Parameters of the resumption.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Resume {
    /// Resume after this position: `position` or `position.ordinal` of the last frame, `Event-Position` of an
    /// answer, `position` of `server.time`; or `confirmed` for the last frame that this session's client has
    /// acknowledged. Missed events are sent once, in order, before new ones. Without it the stream begins now.
    from: Option<String>,
    /// `true`: unless the socket resumes, the first frame is `server.roster`, the complete state where the stream
    /// begins. `false`: no such frame, even where the operator sends it to everybody.
    roster: Option<String>,
}

/// The websocket routes.
pub(crate) fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new().routes(routes!(connect)).routes(routes!(connect_widget))
}

/// Open a websocket of the caller in a team
#[utoipa::path(
    get,
    path = "/messaging/{team_uid}",
    tag = "realtime",
    params(("team_uid" = String, Path, description = "Id of the team."), Resume),
    responses(
        (status = 101, description = "A websocket; wrong credentials are reported by `server.panic` before it is closed."),
        (status = 403, description = "The request comes from a page of a foreign origin with the browser's cookie."),
        (status = 429, description = "Too many sockets from this address, of this account or in this team."),
        (status = 503, description = "The server is full or stopping, or its database does not answer."),
    )
)]
async fn connect(
    State(gateway): State<Gateway>,
    Path(team): Path<String>,
    Query(resume): Query<Resume>,
    info: RequestInfo,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    open(gateway, (&team, resume), &info, &headers, upgrade).await
}

/// Open a websocket at the path of the vendor's widget
#[utoipa::path(
    get,
    path = "/messaging/{team_uid}/widget",
    tag = "realtime",
    params(("team_uid" = String, Path, description = "Id of the team."), Resume),
    responses((status = 101, description = "A websocket, as at `/messaging/{team_uid}`."))
)]
async fn connect_widget(
    State(gateway): State<Gateway>,
    Path(team): Path<String>,
    Query(resume): Query<Resume>,
    info: RequestInfo,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    open(gateway, (&team, resume), &info, &headers, upgrade).await
}

async fn open(
    gateway: Gateway,
    (team, resume): (&str, Resume),
    info: &RequestInfo,
    headers: &HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let shared = &gateway.0;
    if shared.draining.is_cancelled() || shared.tasks.closing().is_cancelled() {
        return Err(ApiError::new(ErrorCode::Unavailable).because(Text::Unavailable));
    }
    let address = Key::Address(info.client);
    shared.access.limits.check(Limit::SocketsPerAddress, &address)?;
    let credentials = Credentials::of(headers, &shared.access.config);
    if is_foreign(credentials.as_ref(), info, &shared.access.config) {
        return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::ForeignOrigin));
    }
    match identify(&gateway, (team, resume), info, headers, credentials).await? {
        Ok(identity) => {
            let Identity { session, member, .. } = &identity;
            info.note_account(session.account);
            let permit = shared
                .connections
                .acquire_for_team(info.client, session.account.0, member.team.0)
                .map_err(too_many)?;
            let tracked = shared.sockets.token();
            let purse = shared.budget.purse(Some(session.account.0), info.client);
            let tasks = shared.tasks.clone();
            Ok(upgrade.serve(&tasks, purse, move |transport| async move {
                socket::run(gateway, transport, identity).await;
                drop((tracked, permit));
            }))
        }
        Err(code) => {
            if matches!(code, Panic::EmptyToken | Panic::InvalidToken) {
                shared.access.limits.check(Limit::UnauthenticatedPerAddress, &address)?;
            }
            let purse = shared.budget.purse(None, info.client);
            Ok(upgrade.serve(&shared.tasks, purse, move |transport| panic(transport, code)))
        }
    }
}

/// Failures reported by `server.panic`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Panic {
    EmptyToken,
    InvalidToken,
    InvalidTeam,
    InvalidPosition,
}

impl Panic {
    fn code(self) -> &'static str {
        match self {
            Self::EmptyToken => "EMPTY_TOKEN",
            Self::InvalidToken => "INVALID_TOKEN",
            Self::InvalidTeam => "INVALID_TEAM",
            Self::InvalidPosition => "INVALID_POSITION",
        }
    }
}

/// Authenticates the client and finds its membership and resume position.
async fn identify(
    gateway: &Gateway,
    (team, resume): (&str, Resume),
    info: &RequestInfo,
    headers: &HeaderMap,
    credentials: Option<Credentials>,
) -> Result<Result<Identity, Panic>, ApiError> {
    let access = &gateway.0.access;
    let Some(credentials) = credentials else { return Ok(Err(Panic::EmptyToken)) };
    let caller = match access.authenticate(headers).await {
        Ok(caller) => caller,
        Err(refused) => {
            return match refused.code() {
                ErrorCode::EmptyToken => Ok(Err(Panic::EmptyToken)),
                ErrorCode::InvalidToken => Ok(Err(Panic::InvalidToken)),
                _ => Err(refused),
            };
        }
    };
    let Ok(team) = team.parse::<TeamId>() else { return Ok(Err(Panic::InvalidTeam)) };
    let found = access.read.memberships().find(caller.account, team).await?;
    let Some(member) = found else { return Ok(Err(Panic::InvalidTeam)) };
    let session = caller.session().clone();
    let (from, must_refetch) = match resume.from.as_deref() {
        None => (None, false),
        Some(CONFIRMED) => {
            let confirmed = access.read.confirmations().last(session.id, &member).await?;
            (confirmed, confirmed.is_none())
        }
        Some(text) => match text.parse::<FeedPosition>() {
            Ok(from) => (Some(from), false),
            Err(_) => return Ok(Err(Panic::InvalidPosition)),
        },
    };
    let sender =
        Sender { team, credentials, client: info.client, request_id: info.id.clone(), lang: info.lang };
    let roster = roster::is_wanted(access.config.realtime.roster, resume.roster.as_deref());
    Ok(Ok(Identity { session, member, sender: sender.into(), from, must_refetch, roster }))
}

async fn panic(mut transport: Transport, panic: Panic) {
    if let Ok(frame) = frame::transient(&ServerEvent::Panic { code: panic.code(), debug: () }) {
        transport.push(frame, None);
    }
    transport.close(close_code::POLICY, panic.code()).await;
}
