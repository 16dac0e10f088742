//! `GET /api/v4/teams/{team_uid}/reminds`

use access::{Fresh, TeamView};
use platform::http::{ApiError, Reply};
use protocol::{envelope::Success, remind::Remind};

/// List the caller's reminders
///
/// Reminders in this team that have not fired yet, the next one first.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/reminds", tag = "reminds",
    params(("team_uid" = String, Path, description = "Uid of the team")),
    responses((status = 200, body = Success<Vec<Remind>>)))]
pub(super) async fn list_reminders(fresh: Fresh, scope: TeamView) -> Result<Reply<Vec<Remind>>, ApiError> {
    Ok(Reply::new(scope.read.reminders().list(&scope).await?).at(scope.position(fresh)))
}
