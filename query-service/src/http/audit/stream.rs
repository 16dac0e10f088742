//! History as an endless stream of server-sent events.

use super::{failure::unreadable, view, viewer::AuditViewer};
use crate::Queries;
use audit::{AuditError, Filter, Order};
use axum::response::{
    IntoResponse, Response,
    sse::{Event, Sse},
};
use futures::{StreamExt, stream};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, CACHE_CONTROL},
};
use platform::{connections::Permit, http::ApiError};
use protocol::lang::Text;
use std::{convert::Infallible, time::Duration};
use tokio::time::{Instant, sleep};

const EVENT_STREAM: &str = "text/event-stream";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Makes nginx forward the stream without buffering.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// How often the index is polled for new events.
const POLL: Duration = Duration::from_millis(500);
/// How often an idle stream sends a comment, and checks that its viewer may still see history.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// When a client should reconnect.
const RECONNECT: Duration = Duration::from_secs(1);
/// Events read at once.
const PAGE: usize = 100;

/// Whether the client asks for a stream.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(EVENT_STREAM)))
}

/// The number after which the stream starts: `Last-Event-ID`, or else the parameter.
pub(super) fn after(headers: &HeaderMap, param: Option<u64>) -> Result<Option<u64>, ApiError> {
    let Some(last) = headers.get(LAST_EVENT_ID).filter(|last| !last.is_empty()) else { return Ok(param) };
    let number = last.to_str().ok().and_then(|last| last.parse().ok());
    number.map(Some).ok_or_else(|| ApiError::field("Last-Event-ID", Text::BadPosition))
}

/// A permit for one more stream of the account, taken before the read is recorded.
pub(super) fn permit(queries: &Queries, viewer: &AuditViewer) -> Result<Permit, ApiError> {
    queries.audit_streams.acquire(viewer.account().0).map_err(|reached| reached.refusal(KEEP_ALIVE))
}

/// The selection that a client subscribes to.
pub(super) struct Subscription {
    /// The credentials, which are checked again while the stream is open.
    pub(super) headers: HeaderMap,
    pub(super) filter: Filter,
    /// The number after which the stream starts; without it, at the head.
    pub(super) after: Option<u64>,
    pub(super) permit: Permit,
}

/// An open stream.
struct AuditStream {
    queries: Queries,
    viewer: AuditViewer,
    headers: HeaderMap,
    filter: Filter,
    after: u64,
    last_sent: Instant,
    _permit: Permit,
}

/// Opens the stream.
pub(super) async fn open(
    queries: Queries,
    viewer: AuditViewer,
    subscription: Subscription,
) -> Result<Response, ApiError> {
    let Subscription { headers, filter, after, permit } = subscription;
    let after = match after {
        Some(after) => after,
        None => queries.auditor.ledger().head().await.map_err(|error| unreadable(error.into()))?.chain.number,
    };
    let last_sent = Instant::now();
    let open = AuditStream { queries, viewer, headers, filter, after, last_sent, _permit: permit };
    let first = stream::once(async { vec![Event::default().retry(RECONNECT)] });
    let rest = stream::unfold(open, async |mut open| Some((open.next().await?, open)));
    let events = first.chain(rest).flat_map(stream::iter).map(Ok::<Event, Infallible>);
    let mut response = Sse::new(events).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

impl AuditStream {
    /// The next events; `None` ends the stream. A client that is cut off resumes with `Last-Event-ID`.
    async fn next(&mut self) -> Option<Vec<Event>> {
        let closing = self.queries.closing.clone();
        closing.run_until_cancelled(self.wait()).await?
    }

    async fn wait(&mut self) -> Option<Vec<Event>> {
        loop {
            let mut events = match self.poll().await {
                Ok(events) => events,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "an audit stream ends");
                    return None;
                }
            };
            if !events.is_empty() || self.last_sent.elapsed() >= KEEP_ALIVE {
                self.last_sent = Instant::now();
                // Checked before anything is shown, and regularly on an idle stream.
                if !self.viewer.is_still_authorized(&self.queries, &self.headers).await {
                    return None;
                }
                if events.is_empty() {
                    events.push(Event::default().comment(""));
                }
                return Some(events);
            }
            sleep(POLL).await;
        }
    }

    /// The events after the last number that was read.
    async fn poll(&mut self) -> Result<Vec<Event>, AuditError> {
        let auditor = &self.queries.auditor;
        // Everything up to the head is read, including what the filter leaves out.
        let head = auditor.ledger().head().await?.chain.number;
        let page = auditor.page(&self.filter, Order::Oldest, self.after, PAGE).await?;
        let last = page.found.last().map(|found| found.entry.number);
        self.after = page.next.unwrap_or_else(|| last.unwrap_or_default().max(head).max(self.after));
        let entries = auditor.decode(page.found).await?;
        let event = |entry| {
            let data = serde_json::to_string(&view::event(entry, &self.viewer)).unwrap_or_default();
            Event::default().id(entry.entry.number.to_string()).data(data)
        };
        Ok(entries.iter().map(event).collect())
    }
}
