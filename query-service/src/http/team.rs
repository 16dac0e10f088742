//! `GET /api/v3/teams`, `…/{team_uid}`, `…/{team_uid}/usage`

use crate::Queries;
use access::{Caller, Fresh, TeamScope, refusal::not_found, refuse};
use axum::extract::State;
use platform::http::{ApiError, Reply};
use protocol::{
    contact::Edition,
    envelope::Success,
    error::ErrorCode,
    lang::Text,
    team::{Team, Usage},
};

/// The caller's teams; archived ones drop out.
#[utoipa::path(get, path = "/api/v3/teams", tag = "teams", responses((status = 200, body = Success<Vec<Team>>)))]
pub(super) async fn list(
    State(queries): State<Queries>,
    caller: Caller,
    fresh: Fresh,
) -> Result<Reply<Vec<Team>>, ApiError> {
    Ok(Reply::new(queries.access.read.teams(caller.account, Edition::V3).await.map_err(refuse)?).at(fresh.0))
}

/// One team as the caller sees it.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}", tag = "teams", params(("team_uid" = String, Path)),
    responses((status = 200, body = Success<Team>)))]
pub(super) async fn one(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamScope,
) -> Result<Reply<Team>, ApiError> {
    let team =
        queries.access.read.team(scope.caller.account, scope.team, Edition::V3).await.map_err(refuse)?;
    Ok(Reply::new(team.ok_or_else(not_found)?).at(fresh.0))
}

/// What the team stores, by month; for those who manage it.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/usage", tag = "teams", params(("team_uid" = String, Path)),
    responses((status = 200, body = Success<Usage>)))]
pub(super) async fn usage(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamScope,
) -> Result<Reply<Usage>, ApiError> {
    if !domain::policy::may(scope.status, domain::policy::Action::ManageTeam) {
        return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids));
    }
    let usage = queries.access.read.usage(scope.team, queries.access.clock.now()).await.map_err(refuse)?;
    Ok(Reply::new(usage.ok_or_else(not_found)?).at(fresh.0))
}
