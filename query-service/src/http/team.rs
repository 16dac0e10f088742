//! `GET /api/v3/teams`, `…/{team_uid}`, the same under v4; `GET /api/v3/teams/{team_uid}/usage`

use crate::Queries;
use access::{Caller, Fresh, TeamView, not_found};
use axum::extract::State;
use platform::http::{ApiError, Reply};
use protocol::{
    ApiVersion,
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
    queries.teams(&caller, fresh, ApiVersion::V3).await
}

/// The caller's teams; archived ones drop out. `me` carries the rights.
#[utoipa::path(get, path = "/api/v4/teams", tag = "teams", responses((status = 200, body = Success<Vec<Team>>)))]
pub(super) async fn list_v4(
    State(queries): State<Queries>,
    caller: Caller,
    fresh: Fresh,
) -> Result<Reply<Vec<Team>>, ApiError> {
    queries.teams(&caller, fresh, ApiVersion::V4).await
}

/// One team as the caller sees it.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}", tag = "teams", params(("team_uid" = String, Path)),
    responses((status = 200, body = Success<Team>)))]
pub(super) async fn one(fresh: Fresh, scope: TeamView) -> Result<Reply<Team>, ApiError> {
    team(&scope, fresh, ApiVersion::V3).await
}

/// One team as the caller sees it; `me` carries the rights.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}", tag = "teams", params(("team_uid" = String, Path)),
    responses((status = 200, body = Success<Team>)))]
pub(super) async fn one_v4(fresh: Fresh, scope: TeamView) -> Result<Reply<Team>, ApiError> {
    team(&scope, fresh, ApiVersion::V4).await
}

impl Queries {
    async fn teams(
        &self,
        caller: &Caller,
        fresh: Fresh,
        version: ApiVersion,
    ) -> Result<Reply<Vec<Team>>, ApiError> {
        let teams = self.access.read.teams().list(caller.account, version).await?;
        Ok(Reply::new(teams).at(fresh.0))
    }
}

async fn team(scope: &TeamView, fresh: Fresh, version: ApiVersion) -> Result<Reply<Team>, ApiError> {
    let team = scope.read.teams().find(scope.caller.account, scope.team, version).await?;
    Ok(Reply::new(team.ok_or_else(not_found)?).at(scope.position(fresh)))
}

/// What the team stores, by month; for those who manage it.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/usage", tag = "teams", params(("team_uid" = String, Path)),
    responses((status = 200, body = Success<Usage>)))]
pub(super) async fn usage(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
) -> Result<Reply<Usage>, ApiError> {
    if !domain::policy::may(scope.status, domain::policy::Action::ManageTeam) {
        return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids));
    }
    let usage = scope.read.teams().usage(&scope, queries.access.clock.now()).await?;
    Ok(Reply::new(usage.ok_or_else(not_found)?).at(scope.position(fresh)))
}
