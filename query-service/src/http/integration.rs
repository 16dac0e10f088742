//! `GET /api/v3/teams/{team_uid}/integrations`, `…/{integration_uid}`: they show keys, so only to those who manage them.

use access::{Fresh, TeamView, refusal::not_found, refuse};
use domain::policy::{Action, may};
use events::IntegrationId;
use platform::http::{ApiError, Params, Reply};
use protocol::{
    envelope::Success,
    error::ErrorCode,
    integration::{Integration, Integrations},
    lang::Text,
};
use read_model::session::Membership;
use serde::Deserialize;

/// What the path of one integration names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    integration_uid: IntegrationId,
}

/// The team's integrations, and the kinds there could be.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/integrations", tag = "integrations",
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<Integrations>)))]
pub(super) async fn list(fresh: Fresh, scope: TeamView) -> Result<Reply<Integrations>, ApiError> {
    allowed(&scope)?;
    Ok(Reply::new(scope.read.integrations(scope.team).await.map_err(refuse)?).at(scope.position(fresh)))
}

/// One integration.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/integrations/{integration_uid}", tag = "integrations",
    params(("team_uid" = String, Path), ("integration_uid" = String, Path)),
    responses((status = 200, body = Success<Integration>)))]
pub(super) async fn one(
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<Integration>, ApiError> {
    allowed(&scope)?;
    let found = scope.read.integration(scope.team, path.integration_uid).await.map_err(refuse)?;
    Ok(Reply::new(found.ok_or_else(not_found)?).at(scope.position(fresh)))
}

fn allowed(scope: &TeamView) -> Result<(), ApiError> {
    // What opens groups today is for those alone who manage integrations today.
    let manages = |member: &Membership| may(member.status, Action::ManageIntegrations);
    match manages(scope) && manages(&scope.now) {
        true => Ok(()),
        false => Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids)),
    }
}
