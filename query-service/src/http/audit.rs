//! `GET /api/audit/v1/…`: history, for auditors over all of it, and for owners over that of their team.
//!
//! Whoever looks is recorded before anything is shown, with what was asked: a read of history is an event.

mod reader;
mod stream;
mod view;
mod wanted;

use crate::Queries;
use access::{Caller, Fresh, TeamScope, not_found};
use audit::{AuditError, Auditor, Entry};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use event_log::ReadError;
use events::{Position, audit::Call};
use http::HeaderMap;
use platform::http::{ApiError, MIN_EVENT_POSITION, Params, Query, Reply, RequestInfo};
use protocol::{
    audit::{AuditCheckpoint, AuditPage, AuditProof, AuditStory},
    envelope::Success,
    error::ErrorCode,
};
use reader::Reader;
use secrets::{journal::LoadError, keyring::KeyringError};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use stream::Followed;
use tokio::time::{Instant, sleep};
use wanted::Wanted;

/// How often the chain is looked at while somebody waits for it.
const LOOK: Duration = Duration::from_millis(20);

/// The place of an event.
#[derive(Debug, Deserialize)]
pub(super) struct Place {
    position: Position,
}

/// Everybody's history, for auditors. As `text/event-stream`, a stream without end; as JSON, a page.
#[utoipa::path(get, path = "/api/audit/v1/events", tag = "audit", params(Wanted),
    responses((status = 200, content(
        (Success<AuditPage> = "application/json"),
        (String = "text/event-stream"),
    ))))]
pub(super) async fn events(
    State(queries): State<Queries>,
    caller: Caller,
    fresh: Fresh,
    request: RequestInfo,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Response, ApiError> {
    let reader = Reader::auditor(&queries, caller, request).await?;
    queries.history(reader, fresh, &headers, &wanted).await
}

/// A team's history, for its owners. Personal values are left out. As `text/event-stream`, a stream without end; as
/// JSON, a page.
#[utoipa::path(get, path = "/api/audit/v1/teams/{team_uid}/events", tag = "audit",
    params(("team_uid" = String, Path), Wanted),
    responses((status = 200, content(
        (Success<AuditPage> = "application/json"),
        (String = "text/event-stream"),
    ))))]
pub(super) async fn team_events(
    State(queries): State<Queries>,
    scope: TeamScope,
    fresh: Fresh,
    request: RequestInfo,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Response, ApiError> {
    let reader = Reader::owner(&queries, scope, request)?;
    queries.history(reader, fresh, &headers, &wanted).await
}

/// One event of everybody's history, what it came of and what came of it, for auditors.
#[utoipa::path(get, path = "/api/audit/v1/events/{position}", tag = "audit", params(("position" = u64, Path)),
    responses((status = 200, body = Success<AuditStory>)))]
pub(super) async fn event(
    State(queries): State<Queries>,
    caller: Caller,
    request: RequestInfo,
    Params(Place { position }): Params<Place>,
) -> Result<Reply<AuditStory>, ApiError> {
    let reader = Reader::auditor(&queries, caller, request).await?;
    queries.story(&reader, position).await
}

/// One event of a team's history, for its owners.
#[utoipa::path(get, path = "/api/audit/v1/teams/{team_uid}/events/{position}", tag = "audit",
    params(("team_uid" = String, Path), ("position" = u64, Path)),
    responses((status = 200, body = Success<AuditStory>)))]
pub(super) async fn team_event(
    State(queries): State<Queries>,
    scope: TeamScope,
    request: RequestInfo,
    Params(Place { position }): Params<Place>,
) -> Result<Reply<AuditStory>, ApiError> {
    let reader = Reader::owner(&queries, scope, request)?;
    queries.story(&reader, position).await
}

/// How far history is hashed and signed, for auditors. The proof itself is made by `veche audit verify`.
#[utoipa::path(get, path = "/api/audit/v1/verify", tag = "audit",
    responses((status = 200, body = Success<AuditProof>)))]
pub(super) async fn verify(
    State(queries): State<Queries>,
    caller: Caller,
    request: RequestInfo,
) -> Result<Reply<AuditProof>, ApiError> {
    let reader = Reader::auditor(&queries, caller, request).await?;
    reader.record(&queries, Call::Proof, &json!({})).await?;
    Ok(Reply::new(proof(&queries.auditor).await.map_err(unanswered)?))
}

impl Queries {
    async fn history(
        &self,
        reader: Reader,
        fresh: Fresh,
        headers: &HeaderMap,
        wanted: &Wanted,
    ) -> Result<Response, ApiError> {
        let filter = wanted.filter(&reader)?;
        if headers.contains_key(MIN_EVENT_POSITION) {
            self.hashed(fresh.0).await?;
        }
        if stream::is_asked_for(headers) {
            let from = stream::from(headers, wanted.after)?;
            let permit = stream::permit(self, &reader)?;
            reader.record(self, Call::Stream, &json!({"filter": filter, "after": from})).await?;
            let followed = Followed { headers: headers.clone(), filter, from, permit };
            return stream::follow(self.clone(), reader, followed).await;
        }
        let limit = wanted.limit()?;
        let asked = json!({"filter": filter, "order": wanted.order, "after": wanted.after, "limit": limit});
        reader.record(self, Call::Events, &asked).await?;
        let page = self.auditor.page(&filter, wanted.order(), wanted.from(), limit as usize).await;
        let page = page.map_err(unanswered)?;
        let told = self.auditor.decode(page.found).await.map_err(unanswered)?;
        let events = told.iter().map(|told| view::told(told, &reader)).collect();
        Ok(Reply::new(AuditPage { events, next: page.next }).into_response())
    }

    async fn story(&self, reader: &Reader, position: Position) -> Result<Reply<AuditStory>, ApiError> {
        reader.record(self, Call::Event, &json!({"position": position})).await?;
        let ledger = self.auditor.ledger();
        let entry = ledger.entry_at(position).await.map_err(ApiError::unavailable)?;
        let entry = entry.filter(|entry| reader.may_see(entry)).ok_or_else(not_found)?;
        let related = self.auditor.related(&entry).await.map_err(unanswered)?;
        let found = self.auditor.fetch(vec![entry]).await.map_err(unanswered)?;
        let told = self.auditor.decode(found).await.map_err(unanswered)?;
        let told = told.first().ok_or_else(not_found)?;
        Ok(Reply::new(view::story(told, related, reader)))
    }

    /// Waits, bounded, until the notary has come to a position.
    async fn hashed(&self, position: Position) -> Result<(), ApiError> {
        let deadline = Instant::now() + Duration::from_millis(self.access.config.wait.query_ms);
        let ledger = self.auditor.ledger();
        while ledger.head().await.map_err(ApiError::unavailable)?.position < position {
            if Instant::now() >= deadline {
                return Err(ApiError::new(ErrorCode::NotCaughtUp).retry_after(Duration::from_secs(1)));
            }
            sleep(LOOK).await;
        }
        Ok(())
    }
}

async fn proof(auditor: &Auditor) -> Result<AuditProof, AuditError> {
    let (chain, position) = {
        let head = auditor.ledger().head().await?;
        (head.chain, head.position)
    };
    let last = auditor.ledger().last_checkpoint().await?;
    Ok(AuditProof {
        number: chain.number,
        position,
        hash: chain.hash.to_string(),
        head: auditor.journal().log().head().await?,
        not_signed: chain.number.saturating_sub(last.as_ref().map_or(0, |last| last.number)),
        checkpoint: last.map(|last| AuditCheckpoint {
            number: last.number,
            position: last.position,
            hash: last.hash.to_string(),
            at: last.at.into(),
            key: last.key,
            signature: last.signature,
        }),
    })
}

/// What a client is told when history cannot be read: that it may come back, unless something is damaged.
fn unanswered(error: AuditError) -> ApiError {
    match error {
        AuditError::Database(_)
        | AuditError::Read(ReadError::Unavailable(_))
        | AuditError::Load(LoadError::Read(ReadError::Unavailable(_)))
        | AuditError::Load(LoadError::Keys(KeyringError::Database(_))) => ApiError::unavailable(error),
        damaged => ApiError::internal(damaged),
    }
}

/// The entries that a reader may see.
fn seen(entries: Vec<Entry>, reader: &Reader) -> impl Iterator<Item = Entry> {
    entries.into_iter().filter(|entry| reader.may_see(entry))
}
