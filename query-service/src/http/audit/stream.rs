//! History as it happens, as server-sent events: for whoever follows it.

use super::{reader::Reader, unanswered, view};
use crate::Queries;
use audit::{AuditError, Filter, Order};
use axum::{body::Body, response::Response};
use futures::stream;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
};
use platform::{connections::Permit, http::ApiError};
use protocol::lang::Text;
use std::{convert::Infallible, fmt::Write as _, time::Duration};
use tokio::time::{Instant, sleep};

const EVENT_STREAM: &str = "text/event-stream";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells nginx not to collect the stream before passing it on.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// How often it looks for something new.
const LOOK: Duration = Duration::from_millis(500);
/// How often a silent stream says that it is there, and asks whether its reader still may read.
const SIGN: Duration = Duration::from_secs(15);
/// Events that are read at once.
const PAGE: usize = 100;

/// Whether the client wants a stream.
pub(super) fn is_asked_for(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(EVENT_STREAM)))
}

/// Behind which number: where the client was, or what it says.
pub(super) fn from(headers: &HeaderMap, after: Option<u64>) -> Result<Option<u64>, ApiError> {
    let Some(last) = headers.get(LAST_EVENT_ID).filter(|last| !last.is_empty()) else { return Ok(after) };
    let number = last.to_str().ok().and_then(|last| last.parse().ok());
    number.map(Some).ok_or_else(|| ApiError::field("Last-Event-ID", Text::BadPosition))
}

/// What is followed, and the permit for it.
pub(super) struct Followed {
    pub(super) headers: HeaderMap,
    pub(super) filter: Filter,
    /// Behind which number; it begins now if that is not said.
    pub(super) from: Option<u64>,
    pub(super) permit: Permit,
}

/// Takes a permit for one more stream, before anything is recorded.
pub(super) fn permit(queries: &Queries, reader: &Reader) -> Result<Permit, ApiError> {
    queries.followers.acquire(reader.account().0).map_err(|reached| reached.refusal(SIGN))
}

/// Somebody who follows.
struct Following {
    queries: Queries,
    reader: Reader,
    headers: HeaderMap,
    filter: Filter,
    from: u64,
    signed: Instant,
    _permit: Permit,
}

/// The stream.
pub(super) async fn follow(
    queries: Queries,
    reader: Reader,
    followed: Followed,
) -> Result<Response, ApiError> {
    let Followed { headers, filter, from, permit } = followed;
    let from = match from {
        Some(from) => from,
        None => queries.auditor.ledger().head().await.map_err(|error| unanswered(error.into()))?.chain.number,
    };
    let following =
        Following { queries, reader, headers, filter, from, signed: Instant::now(), _permit: permit };
    let begin = stream::once(async { "retry: 1000\n\n".to_owned() });
    let rest = stream::unfold(following, async |mut following| {
        let text = following.next().await?;
        Some((text, following))
    });
    let chunks = futures::StreamExt::chain(begin, rest);
    let mut response =
        Response::new(Body::from_stream(futures::StreamExt::map(chunks, Ok::<String, Infallible>)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

impl Following {
    /// What is said next; nothing at the end. Who is cut off comes back with `Last-Event-ID`.
    async fn next(&mut self) -> Option<String> {
        let closing = self.queries.closing.clone();
        closing.run_until_cancelled(self.wait()).await?
    }

    async fn wait(&mut self) -> Option<String> {
        loop {
            let text = match self.look().await {
                Ok(text) => text,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a stream of history ends");
                    return None;
                }
            };
            if !text.is_empty() || self.signed.elapsed() >= SIGN {
                self.signed = Instant::now();
                // Asked before anything is shown, and of a silent stream from time to time.
                let still = self.reader.is_still_one(&self.queries, &self.headers).await;
                return still.then(|| if text.is_empty() { ": \n\n".to_owned() } else { text });
            }
            sleep(LOOK).await;
        }
    }

    /// What there is behind the last number that was looked at.
    async fn look(&mut self) -> Result<String, AuditError> {
        let auditor = &self.queries.auditor;
        // Up to here everything was looked at, also what no filter let through.
        let head = auditor.ledger().head().await?.chain.number;
        let page = auditor.page(&self.filter, Order::Oldest, self.from, PAGE).await?;
        let last = page.found.last().map(|found| found.entry.number);
        self.from = page.next.unwrap_or_else(|| last.unwrap_or_default().max(head).max(self.from));
        let mut text = String::new();
        for told in auditor.decode(page.found).await? {
            let event = serde_json::to_string(&view::told(&told, &self.reader)).unwrap_or_default();
            // Cannot fail: it is memory. JSON as it is written here is one line.
            let _ = write!(text, "id: {}\ndata: {event}\n\n", told.entry.number);
        }
        Ok(text)
    }
}
