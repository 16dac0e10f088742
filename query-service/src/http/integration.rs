//! `GET /api/v3/teams/{team_uid}/integrations`, `…/{integration_uid}`: they show keys, so only to those who manage them.

use crate::Queries;
use access::{Fresh, TeamScope, refusal::not_found, refuse};
use axum::extract::State;
use domain::policy::{Action, may};
use events::IntegrationId;
use platform::http::{ApiError, Params, Reply};
use protocol::{
    envelope::Success,
    error::ErrorCode,
    integration::{Integration, Integrations},
    lang::Text,
};
use serde::Deserialize;

/// What the path of one integration names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    integration_uid: IntegrationId,
}

/// The team's integrations, and the kinds there could be.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/integrations", tag = "integrations",
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<Integrations>)))]
pub(super) async fn list(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamScope,
) -> Result<Reply<Integrations>, ApiError> {
    allowed(&scope)?;
    Ok(Reply::new(queries.access.read.integrations(scope.team).await.map_err(refuse)?).at(fresh.0))
}

/// One integration.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/integrations/{integration_uid}", tag = "integrations",
    params(("team_uid" = String, Path), ("integration_uid" = String, Path)),
    responses((status = 200, body = Success<Integration>)))]
pub(super) async fn one(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamScope,
    Params(path): Params<Path>,
) -> Result<Reply<Integration>, ApiError> {
    allowed(&scope)?;
    let found = queries.access.read.integration(scope.team, path.integration_uid).await.map_err(refuse)?;
    Ok(Reply::new(found.ok_or_else(not_found)?).at(fresh.0))
}

fn allowed(scope: &TeamScope) -> Result<(), ApiError> {
    match may(scope.status, Action::ManageIntegrations) {
        true => Ok(()),
        false => Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids)),
    }
}
