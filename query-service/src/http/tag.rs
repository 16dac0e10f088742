//! `GET /api/v4/teams/{team_uid}/tags`

use access::{Fresh, TeamView};
use platform::http::{ApiError, Reply};
use protocol::{envelope::Success, tag::Tag};

/// The tags of a team's tasks, by word.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/tags", tag = "tasks", params(("team_uid" = String, Path)),
    responses((status = 200, body = Success<Vec<Tag>>)))]
pub(super) async fn list(fresh: Fresh, scope: TeamView) -> Result<Reply<Vec<Tag>>, ApiError> {
    Ok(Reply::new(scope.read.tags().list(&scope).await?).at(scope.position(fresh)))
}
