//! `GET /api/v4/teams/{team_uid}/tags` (`protocol.md` 1.5)

use crate::Queries;
use access::{Fresh, TeamScope, refuse};
use axum::extract::State;
use platform::http::{ApiError, Reply};
use protocol::{envelope::Success, tag::Tag};

/// The tags of a team's tasks, by word.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/tags", tag = "tasks", params(("team_uid" = String, Path)),
    responses((status = 200, body = Success<Vec<Tag>>)))]
pub(super) async fn list(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamScope,
) -> Result<Reply<Vec<Tag>>, ApiError> {
    Ok(Reply::new(queries.access.read.tags(scope.team).await.map_err(refuse)?).at(fresh.0))
}
