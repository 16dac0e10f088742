//! `GET /api/audit/v1/…`: history, for auditors the whole of it, for owners that of their team.
//!
//! A read of history is an event: it is recorded, with its parameters, before anything is shown.

mod failure;
mod list_params;
mod stream;
mod view;
mod viewer;

use crate::Queries;
use access::{Caller, Fresh, TeamScope, not_found};
use audit::{AuditError, Auditor};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use events::{Position, audit::Call};
use failure::unreadable;
use http::HeaderMap;
use list_params::ListParams;
use platform::http::{ApiError, MIN_EVENT_POSITION, Params, Query, Reply, RequestInfo};
use protocol::{
    audit::{AuditCheckpoint, AuditPage, AuditProof, AuditStory},
    envelope::Success,
    error::ErrorCode,
};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use stream::Subscription;
use tokio::time::{Instant, sleep};
use viewer::AuditViewer;

/// How often the head of the chain is polled while a client waits for it.
const POLL: Duration = Duration::from_millis(20);

#[derive(Debug, Deserialize)]
pub(super) struct EventPath {
    position: Position,
}

/// List the events of the whole history
///
/// For auditors. As `text/event-stream` an endless stream, as JSON a page.
#[utoipa::path(get, path = "/api/audit/v1/events", tag = "audit", params(ListParams),
    responses((status = 200, content(
        (Success<AuditPage> = "application/json"),
        (String = "text/event-stream"),
    ))))]
pub(super) async fn list_audit_events(
    State(queries): State<Queries>,
    caller: Caller,
    fresh: Fresh,
    request: RequestInfo,
    headers: HeaderMap,
    Query(params): Query<ListParams>,
) -> Result<Response, ApiError> {
    let viewer = AuditViewer::auditor(&queries, caller, request).await?;
    queries.history(viewer, fresh, &headers, &params).await
}

/// List the events of a team's history
///
/// For the team's owners, without personal values. As `text/event-stream` an endless stream, as JSON a page.
#[utoipa::path(get, path = "/api/audit/v1/teams/{team_uid}/events", tag = "audit",
    params(("team_uid" = String, Path, description = "Uid of the team"), ListParams),
    responses((status = 200, content(
        (Success<AuditPage> = "application/json"),
        (String = "text/event-stream"),
    ))))]
pub(super) async fn list_team_audit_events(
    State(queries): State<Queries>,
    scope: TeamScope,
    fresh: Fresh,
    request: RequestInfo,
    headers: HeaderMap,
    Query(params): Query<ListParams>,
) -> Result<Response, ApiError> {
    let viewer = AuditViewer::owner(&queries, scope, request)?;
    queries.history(viewer, fresh, &headers, &params).await
}

/// Show an event of the whole history
///
/// For auditors, with its causes and effects.
#[utoipa::path(get, path = "/api/audit/v1/events/{position}", tag = "audit",
    params(("position" = u64, Path, description = "Position of the event")),
    responses((status = 200, body = Success<AuditStory>)))]
pub(super) async fn show_audit_event(
    State(queries): State<Queries>,
    caller: Caller,
    request: RequestInfo,
    Params(EventPath { position }): Params<EventPath>,
) -> Result<Reply<AuditStory>, ApiError> {
    let viewer = AuditViewer::auditor(&queries, caller, request).await?;
    queries.story(&viewer, position).await
}

/// Show an event of a team's history
///
/// For the team's owners, without personal values, with its causes and effects.
#[utoipa::path(get, path = "/api/audit/v1/teams/{team_uid}/events/{position}", tag = "audit",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("position" = u64, Path, description = "Position of the event")),
    responses((status = 200, body = Success<AuditStory>)))]
pub(super) async fn show_team_audit_event(
    State(queries): State<Queries>,
    scope: TeamScope,
    request: RequestInfo,
    Params(EventPath { position }): Params<EventPath>,
) -> Result<Reply<AuditStory>, ApiError> {
    let viewer = AuditViewer::owner(&queries, scope, request)?;
    queries.story(&viewer, position).await
}

/// Show how far history is hashed and signed
///
/// For auditors. `veche audit verify` checks the proof itself.
#[utoipa::path(get, path = "/api/audit/v1/verify", tag = "audit",
    responses((status = 200, body = Success<AuditProof>)))]
pub(super) async fn show_audit_proof(
    State(queries): State<Queries>,
    caller: Caller,
    request: RequestInfo,
) -> Result<Reply<AuditProof>, ApiError> {
    let viewer = AuditViewer::auditor(&queries, caller, request).await?;
    viewer.record(&queries, Call::Proof, &json!({})).await?;
    Ok(Reply::new(proof(&queries.auditor).await.map_err(unreadable)?))
}

impl Queries {
    async fn history(
        &self,
        viewer: AuditViewer,
        fresh: Fresh,
        headers: &HeaderMap,
        params: &ListParams,
    ) -> Result<Response, ApiError> {
        let filter = params.filter(&viewer)?;
        if headers.contains_key(MIN_EVENT_POSITION) {
            self.wait_until_hashed(fresh.0).await?;
        }
        if stream::is_wanted(headers) {
            let after = stream::after(headers, params.after)?;
            let permit = stream::permit(self, &viewer)?;
            viewer.record(self, Call::Stream, &json!({"filter": filter, "after": after})).await?;
            let subscription = Subscription { headers: headers.clone(), filter, after, permit };
            return stream::open(self.clone(), viewer, subscription).await;
        }
        let limit = params.limit()?;
        let recorded =
            json!({"filter": filter, "order": params.order, "after": params.after, "limit": limit});
        viewer.record(self, Call::Events, &recorded).await?;
        let page = self.auditor.page(&filter, params.order(), params.start(), limit as usize).await;
        let page = page.map_err(unreadable)?;
        let entries = self.auditor.decode(page.found).await.map_err(unreadable)?;
        let events = entries.iter().map(|entry| view::event(entry, &viewer)).collect();
        Ok(Reply::new(AuditPage { events, next: page.next }).into_response())
    }

    async fn story(&self, viewer: &AuditViewer, position: Position) -> Result<Reply<AuditStory>, ApiError> {
        viewer.record(self, Call::Event, &json!({"position": position})).await?;
        let entry = self.auditor.ledger().entry_at(position).await.map_err(ApiError::unavailable)?;
        let entry = entry.filter(|entry| viewer.may_see(entry)).ok_or_else(not_found)?;
        let related = self.auditor.related(&entry).await.map_err(unreadable)?;
        let found = self.auditor.fetch(vec![entry]).await.map_err(unreadable)?;
        let decoded = self.auditor.decode(found).await.map_err(unreadable)?;
        let decoded = decoded.first().ok_or_else(not_found)?;
        Ok(Reply::new(view::story(decoded, related, viewer)))
    }

    /// Waits, bounded, until the notary has reached a position.
    async fn wait_until_hashed(&self, position: Position) -> Result<(), ApiError> {
        let deadline = Instant::now() + Duration::from_millis(self.access.config.wait.query_ms);
        let ledger = self.auditor.ledger();
        while ledger.head().await.map_err(ApiError::unavailable)?.position < position {
            if Instant::now() >= deadline {
                return Err(ApiError::new(ErrorCode::NotCaughtUp).retry_after(Duration::from_secs(1)));
            }
            sleep(POLL).await;
        }
        Ok(())
    }
}

async fn proof(auditor: &Auditor) -> Result<AuditProof, AuditError> {
    let head = auditor.ledger().head().await?;
    let last = auditor.ledger().last_checkpoint().await?;
    Ok(AuditProof {
        number: head.chain.number,
        position: head.position,
        hash: head.chain.hash.to_string(),
        head: auditor.journal().log().head().await?,
        not_signed: head.chain.number.saturating_sub(last.as_ref().map_or(0, |last| last.number)),
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
