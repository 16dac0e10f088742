//! `GET /api/v4/teams/{team_uid}/{contact,group,task}-sections`

use access::{Fresh, TeamView};
use events::value::SectionKind;
use platform::http::{ApiError, Reply};
use protocol::{envelope::Success, section::Section};

/// The sections of the team's contacts, in their order.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/contact-sections", tag = "contacts",
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<Vec<Section>>)))]
pub(super) async fn list_of_contacts(fresh: Fresh, scope: TeamView) -> Result<Reply<Vec<Section>>, ApiError> {
    list(fresh, scope, SectionKind::Contacts).await
}

/// The sections of the team's groups, in their order.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/group-sections", tag = "groups",
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<Vec<Section>>)))]
pub(super) async fn list_of_groups(fresh: Fresh, scope: TeamView) -> Result<Reply<Vec<Section>>, ApiError> {
    list(fresh, scope, SectionKind::Groups).await
}

/// The sections of the team's tasks, in their order.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/task-sections", tag = "tasks",
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<Vec<Section>>)))]
pub(super) async fn list_of_tasks(fresh: Fresh, scope: TeamView) -> Result<Reply<Vec<Section>>, ApiError> {
    list(fresh, scope, SectionKind::Tasks).await
}

async fn list(fresh: Fresh, scope: TeamView, kind: SectionKind) -> Result<Reply<Vec<Section>>, ApiError> {
    let sections = scope.read.sections().list(&scope, kind).await?;
    Ok(Reply::new(sections).at(scope.position(fresh)))
}
