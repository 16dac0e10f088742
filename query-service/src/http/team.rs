//! `GET /api/v3/teams`, `…/{team_uid}`, both also under v4; `GET /api/v3/teams/{team_uid}/usage`

use crate::Queries;
use access::{Caller, Fresh, TeamView, not_found};
use axum::extract::State;
use domain::policy::{Action, may};
use platform::http::{ApiError, Reply};
use protocol::{
    ApiVersion,
    envelope::Success,
    error::ErrorCode,
    lang::Text,
    team::{Team, Usage},
};

/// List the caller's teams
///
/// Without archived teams.
#[utoipa::path(get, path = "/api/v3/teams", tag = "teams", responses((status = 200, body = Success<Vec<Team>>)))]
pub(super) async fn list_teams(
    State(queries): State<Queries>,
    caller: Caller,
    fresh: Fresh,
) -> Result<Reply<Vec<Team>>, ApiError> {
    teams(&queries, &caller, fresh, ApiVersion::V3).await
}

/// List the caller's teams with rights
///
/// Without archived teams. `me` holds the caller's rights in each team.
#[utoipa::path(get, path = "/api/v4/teams", tag = "teams", responses((status = 200, body = Success<Vec<Team>>)))]
pub(super) async fn list_teams_v4(
    State(queries): State<Queries>,
    caller: Caller,
    fresh: Fresh,
) -> Result<Reply<Vec<Team>>, ApiError> {
    teams(&queries, &caller, fresh, ApiVersion::V4).await
}

async fn teams(
    queries: &Queries,
    caller: &Caller,
    fresh: Fresh,
    version: ApiVersion,
) -> Result<Reply<Vec<Team>>, ApiError> {
    Ok(Reply::new(queries.access.read.teams().list(caller.account, version).await?).at(fresh.0))
}

/// Show a team
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}", tag = "teams",
    params(("team_uid" = String, Path, description = "Uid of the team")),
    responses((status = 200, body = Success<Team>)))]
pub(super) async fn show_team(fresh: Fresh, scope: TeamView) -> Result<Reply<Team>, ApiError> {
    team(&scope, fresh, ApiVersion::V3).await
}

/// Show a team with the caller's rights
///
/// `me` holds the caller's rights in the team.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}", tag = "teams",
    params(("team_uid" = String, Path, description = "Uid of the team")),
    responses((status = 200, body = Success<Team>)))]
pub(super) async fn show_team_v4(fresh: Fresh, scope: TeamView) -> Result<Reply<Team>, ApiError> {
    team(&scope, fresh, ApiVersion::V4).await
}

async fn team(scope: &TeamView, fresh: Fresh, version: ApiVersion) -> Result<Reply<Team>, ApiError> {
    let team = scope.read.teams().find(scope.caller.account, scope.team, version).await?;
    Ok(Reply::new(team.ok_or_else(not_found)?).at(scope.position(fresh)))
}

/// Show a team's storage usage
///
/// Stored bytes by month, for members who may manage the team.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/usage", tag = "teams",
    params(("team_uid" = String, Path, description = "Uid of the team")),
    responses((status = 200, body = Success<Usage>)))]
pub(super) async fn show_team_usage(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
) -> Result<Reply<Usage>, ApiError> {
    if !may(scope.status, Action::ManageTeam) {
        return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids));
    }
    let usage = scope.read.teams().usage(&scope, queries.access.clock.now()).await?;
    Ok(Reply::new(usage.ok_or_else(not_found)?).at(scope.position(fresh)))
}
