//! `GET /api/v4/teams/{team_uid}/tags`

use access::{Fresh, TeamView};
use platform::http::{ApiError, Reply};
use protocol::{envelope::Success, tag::Tag};

/// List the task tags of a team
///
/// Alphabetically.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/tags", tag = "tasks",
    params(("team_uid" = String, Path, description = "Uid of the team")),
    responses((status = 200, body = Success<Vec<Tag>>)))]
pub(super) async fn list_tags(fresh: Fresh, scope: TeamView) -> Result<Reply<Vec<Tag>>, ApiError> {
    Ok(Reply::new(scope.read.tags().list(&scope).await?).at(scope.position(fresh)))
}
