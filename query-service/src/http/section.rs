//! `GET /api/v4/teams/{team_uid}/contact-sections`

use access::{Fresh, TeamView, refuse};
use platform::http::{ApiError, Reply};
use protocol::{envelope::Success, section::Section};

/// The sections of the team's contacts, in their order.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/contact-sections", tag = "contacts",
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<Vec<Section>>)))]
pub(super) async fn list(fresh: Fresh, scope: TeamView) -> Result<Reply<Vec<Section>>, ApiError> {
    Ok(Reply::new(scope.read.sections(scope.team).await.map_err(refuse)?).at(scope.position(fresh)))
}
