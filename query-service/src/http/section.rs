//! `GET /api/v4/teams/{team_uid}/{contact,group,task}-sections`

use access::{Fresh, TeamView};
use events::value::SectionKind;
use platform::http::{ApiError, Reply};
use protocol::{envelope::Success, section::Section};

/// List the contact sections of a team
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/contact-sections", tag = "contacts",
    params(("team_uid" = String, Path, description = "Uid of the team")),
    responses((status = 200, body = Success<Vec<Section>>)))]
pub(super) async fn list_contact_sections(
    fresh: Fresh,
    scope: TeamView,
) -> Result<Reply<Vec<Section>>, ApiError> {
    list(fresh, scope, SectionKind::Contacts).await
}

/// List the group sections of a team
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/group-sections", tag = "groups",
    params(("team_uid" = String, Path, description = "Uid of the team")),
    responses((status = 200, body = Success<Vec<Section>>)))]
pub(super) async fn list_group_sections(
    fresh: Fresh,
    scope: TeamView,
) -> Result<Reply<Vec<Section>>, ApiError> {
    list(fresh, scope, SectionKind::Groups).await
}

/// List the task sections of a team
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/task-sections", tag = "tasks",
    params(("team_uid" = String, Path, description = "Uid of the team")),
    responses((status = 200, body = Success<Vec<Section>>)))]
pub(super) async fn list_task_sections(
    fresh: Fresh,
    scope: TeamView,
) -> Result<Reply<Vec<Section>>, ApiError> {
    list(fresh, scope, SectionKind::Tasks).await
}

/// Sections are listed in their order.
async fn list(fresh: Fresh, scope: TeamView, kind: SectionKind) -> Result<Reply<Vec<Section>>, ApiError> {
    Ok(Reply::new(scope.read.sections().list(&scope, kind).await?).at(scope.position(fresh)))
}
