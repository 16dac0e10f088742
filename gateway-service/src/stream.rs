//! `GET /api/v3/teams/{team_uid}/events`: the frames of a socket over HTTP, as an endless stream of server-sent
//! events or as a JSON page for clients that poll.
//!
//! One task serves sockets and streams, so rights, views and order are equal.

use crate::{
    connection_limits::too_many,
    credentials::Credentials,
    gateway::Gateway,
    socket::{self, Identity},
    transport::{Outbound, Transport},
    upstream::Sender,
};
use access::{Access, TeamScope};
use axum::{
    extract::{Query, State},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures::{StreamExt, stream};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, CACHE_CONTROL},
};
use platform::{
    clock::Ids,
    http::{ApiError, Reply, RequestInfo},
    limits::{Key, Limit},
};
use protocol::{FeedPosition, envelope::Success, error::ErrorCode, lang::Text, realtime::EventsPage};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{convert::Infallible, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

const EVENT_STREAM: &str = "text/event-stream";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells nginx not to buffer the stream.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Frames that wait for the reader before the task holds them back.
const AHEAD: usize = 16;
/// Maximum number of frames in a JSON answer.
const PAGE: usize = 500;
/// Longest wait for an event, in seconds; below the timeout of common proxies.
const LONGEST_WAIT: u64 = 25;
/// Time after which a browser reconnects; a random share of it is added, so that not all reconnect at once.
const RETRY: Duration = Duration::from_secs(1);

/// The route of the stream.
pub(crate) fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Parameters of the stream.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Resume after this position: `position` or `position.ordinal` of the last frame, `Event-Position` of an
    /// answer. The header `Last-Event-ID` wins over it. Without either the stream begins now.
    from: Option<String>,
    /// JSON only: seconds to wait while there are no events, at most 25; 0 when absent.
    #[param(value_type = Option<u64>)]
    wait: Option<String>,
}

/// Stream the events of a team over HTTP
#[utoipa::path(
    get,
    path = "/api/v3/teams/{team_uid}/events",
    tag = "realtime",
    params(("team_uid" = String, Path, description = "Id of the team."), Wanted),
    responses(
        (status = 200, content(
            (Success<EventsPage> = "application/json"),
            (String = "text/event-stream"),
        )),
    )
)]
async fn events(
    State(gateway): State<Gateway>,
    wanted: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
    scope: TeamScope,
    info: RequestInfo,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let shared = &gateway.0;
    if shared.draining.is_cancelled() || shared.tasks.closing().is_cancelled() {
        return Err(ApiError::new(ErrorCode::Unavailable).because(Text::Unavailable));
    }
    let Query(wanted) = wanted.map_err(|_| ApiError::field("from", Text::BadPosition))?;
    let from = point(&wanted, &headers)?;
    let wait = seconds(&wanted)?.min(LONGEST_WAIT).min(shared.access.config.http.timeout_sec / 2);
    if let Some(from) = from {
        let patience = Duration::from_millis(shared.access.config.wait.query_ms);
        if !shared.access.read.caught_up(from.position, patience).await? {
            return Err(ApiError::new(ErrorCode::NotCaughtUp).retry_after(Duration::from_secs(1)));
        }
    }
    let identity = identity(&shared.access, &scope, &info, &headers, from)?;
    if asks_for_stream(&headers) {
        shared.access.limits.check(Limit::SocketsPerAddress, &Key::Address(info.client))?;
        let frames = open(gateway, identity, &info)?;
        Ok(as_events(frames))
    } else {
        let frames = open(gateway, identity, &info)?;
        let page = collect(frames, from, Duration::from_secs(wait)).await?;
        let position = page.position.parse::<FeedPosition>().map_or(0, |point| point.last_complete());
        Ok(Reply::new(page).at(position).into_response())
    }
}

fn point(wanted: &Wanted, headers: &HeaderMap) -> Result<Option<FeedPosition>, ApiError> {
    let last = match headers.get(LAST_EVENT_ID).map(HeaderValue::to_str) {
        Some(Ok(last)) => Some(last),
        Some(Err(_)) => return Err(ApiError::field("Last-Event-ID", Text::BadPosition)),
        None => None,
    };
    let (field, text) = match (last.filter(|last| !last.is_empty()), &wanted.from) {
        (Some(last), _) => ("Last-Event-ID", last),
        (None, Some(from)) => ("from", from.as_str()),
        (None, None) => return Ok(None),
    };
    text.parse().map(Some).map_err(|_| ApiError::field(field, Text::BadPosition))
}

fn seconds(wanted: &Wanted) -> Result<u64, ApiError> {
    let Some(wait) = &wanted.wait else { return Ok(0) };
    let wrong = Text::WrongType { expected: protocol::lang::JsonType::Integer };
    wait.parse().map_err(|_| ApiError::field("wait", wrong))
}

fn identity(
    access: &Access,
    scope: &TeamScope,
    info: &RequestInfo,
    headers: &HeaderMap,
    from: Option<FeedPosition>,
) -> Result<Identity, ApiError> {
    let credentials =
        Credentials::of(headers, &access.config).ok_or_else(|| ApiError::new(ErrorCode::EmptyToken))?;
    let (client, request_id, lang) = (info.client, info.id.clone(), info.lang);
    let sender = Sender { team: scope.team, credentials, client, request_id, lang };
    let session = scope.caller.session().clone();
    Ok(Identity { session, member: **scope, sender: sender.into(), from, must_refetch: false, roster: false })
}

fn asks_for_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(EVENT_STREAM)))
}

/// Starts the task behind a stream; it ends when the receiver is dropped.
fn open(
    gateway: Gateway,
    identity: Identity,
    info: &RequestInfo,
) -> Result<mpsc::Receiver<Outbound>, ApiError> {
    let permit = gateway
        .0
        .connections
        .acquire_for_team(info.client, identity.session.account.0, identity.member.team.0)
        .map_err(too_many)?;
    let (sender, frames) = mpsc::channel(AHEAD);
    let (tasks, tracked) = (gateway.0.tasks.clone(), gateway.0.sockets.token());
    tasks.spawn("stream", async move {
        socket::run(gateway, Transport::stream(sender), identity).await;
        drop((tracked, permit));
    });
    Ok(frames)
}

/// The frames as server-sent events (HTML, 9.2).
fn as_events(frames: mpsc::Receiver<Outbound>) -> Response {
    let retry = RETRY + RETRY.mul_f64(f64::from(Ids::Random.make().as_bytes()[0]) / 256.0);
    let first = stream::once(async move { Event::default().retry(retry) });
    let rest = stream::unfold(frames, async |mut frames| Some((as_event(frames.recv().await?), frames)));
    let mut response = Sse::new(first.chain(rest).map(Ok::<Event, Infallible>)).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(BUFFERING, HeaderValue::from_static("no"));
    response
}

fn as_event(frame: Outbound) -> Event {
    match frame {
        Outbound::Frame(frame, Some(position)) => {
            Event::default().id(position.to_string()).data(frame.as_str())
        }
        // Streams read nothing from the client, so there are no answers to its commands.
        Outbound::Frame(frame, None) | Outbound::Answer(frame, _) => Event::default().data(frame.as_str()),
        // A client that reconnects from here skips rows that did not concern it.
        Outbound::Live(position) => Event::default().id(position.to_string()).comment("live"),
        Outbound::Ping => Event::default().comment(""),
        Outbound::Close(code, reason) => {
            Event::default().event("close").data(format!(r#"{{"code":{code},"reason":"{reason}"}}"#))
        }
    }
}

/// Collects frames until there are some and no more at hand, or until the wait is over.
async fn collect(
    mut frames: mpsc::Receiver<Outbound>,
    from: Option<FeedPosition>,
    wait: Duration,
) -> Result<EventsPage, ApiError> {
    let mut events: Vec<Box<RawValue>> = Vec::new();
    let mut reached = from;
    let mut live = false;
    let mut deadline = None;
    while events.len() < PAGE {
        let item = match (live, deadline) {
            // Missed frames are on their way, however long that takes: the request timeout bounds the wait.
            (false, _) => frames.recv().await,
            (true, _) if !events.is_empty() => frames.try_recv().ok(),
            (true, None) => None,
            (true, Some(deadline)) => timeout_at(deadline, frames.recv()).await.ok().flatten(),
        };
        match item {
            Some(Outbound::Frame(frame, Some(point))) => {
                events.push(raw(frame.as_str())?);
                reached = Some(point);
            }
            Some(Outbound::Frame(frame, None)) if is_for_pages(frame.as_str()) => {
                events.push(raw(frame.as_str())?)
            }
            Some(Outbound::Live(point)) => {
                live = true;
                reached = reached.max(Some(point));
                deadline = Some(Instant::now() + wait);
            }
            Some(Outbound::Frame(..) | Outbound::Answer(..) | Outbound::Ping) => {}
            Some(Outbound::Close(..)) | None => break,
        }
    }
    let position = reached.ok_or_else(|| ApiError::new(ErrorCode::Unavailable).because(Text::Unavailable))?;
    Ok(EventsPage { events, position: position.to_string() })
}

/// Whether a page includes a frame that stems from no event.
fn is_for_pages(frame: &str) -> bool {
    #[derive(Deserialize)]
    struct Named<'a> {
        event: &'a str,
    }
    serde_json::from_str::<Named<'_>>(frame)
        .is_ok_and(|named| matches!(named.event, "server.warning" | "server.panic" | "server.logout"))
}

fn raw(frame: &str) -> Result<Box<RawValue>, ApiError> {
    RawValue::from_string(frame.to_owned()).map_err(ApiError::internal)
}
