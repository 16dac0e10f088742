//! `GET /api/v4/teams/{team_uid}/contact-sections`

use crate::Queries;
use access::{Fresh, TeamScope, refuse};
use axum::extract::State;
use platform::http::{ApiError, Reply};
use protocol::{envelope::Success, section::Section};

/// The sections of the team's contacts, in their order.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/contact-sections", tag = "contacts",
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<Vec<Section>>)))]
pub(super) async fn list(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamScope,
) -> Result<Reply<Vec<Section>>, ApiError> {
    Ok(Reply::new(queries.access.read.sections(scope.team).await.map_err(refuse)?).at(fresh.0))
}
