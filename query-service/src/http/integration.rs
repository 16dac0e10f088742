//! `GET /api/v3/teams/{team_uid}/integrations`, `…/{integration_uid}`: with keys, for members who may manage integrations and
//! are in the integration's group. `GET /api/v4/teams/{team_uid}/groups/{group_jid}/integrations`: without keys.

use crate::Queries;
use access::{Fresh, TeamView, not_found};
use axum::extract::State;
use domain::policy::{Action, may};
use events::{GroupId, IntegrationId, chat::ChatRef};
use platform::http::{ApiError, Params, Reply};
use protocol::{
    Jid,
    envelope::Success,
    error::ErrorCode,
    integration::{GroupIntegration, Integration, Integrations},
    lang::Text,
};
use read_model::rights::{ChatAccess, Membership};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    integration_uid: IntegrationId,
}

/// List the integrations of a team
///
/// With the kinds of integrations that can be created.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/integrations", tag = "integrations",
    params(("team_uid" = String, Path, description = "Uid of the team")), responses((status = 200, body = Success<Integrations>)))]
pub(super) async fn list_integrations(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
) -> Result<Reply<Integrations>, ApiError> {
    allowed(&scope)?;
    let groups = queries.groups_with_keys(&scope).await?;
    Ok(Reply::new(scope.read.integrations().list(&scope, &groups).await?).at(scope.position(fresh)))
}

/// Show an integration
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/integrations/{integration_uid}", tag = "integrations",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("integration_uid" = String, Path, description = "Uid of the integration")),
    responses((status = 200, body = Success<Integration>)))]
pub(super) async fn show_integration(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<Integration>, ApiError> {
    allowed(&scope)?;
    let groups = queries.groups_with_keys(&scope).await?;
    let found = scope.read.integrations().find(&scope, path.integration_uid, &groups).await?;
    Ok(Reply::new(found.ok_or_else(not_found)?).at(scope.position(fresh)))
}

#[derive(Debug, Deserialize)]
pub(super) struct GroupPath {
    group_jid: Jid,
}

/// List the integrations of a group
///
/// Without keys, for the group's members and for members who may manage integrations.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/groups/{group_jid}/integrations", tag = "groups",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("group_jid" = Jid, Path, description = "Address of the group")),
    responses((status = 200, body = Success<Vec<GroupIntegration>>)))]
pub(super) async fn list_group_integrations(
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<GroupPath>,
) -> Result<Reply<Vec<GroupIntegration>>, ApiError> {
    let (read, Jid::Group(group)) = (&scope.read, path.group_jid) else { return Err(not_found()) };
    let is_member = read.chats().access(&scope, ChatRef::Group(group)).await? != ChatAccess::None;
    let manages =
        may(scope.status, Action::ManageIntegrations) && read.groups().exists(&scope, group).await?;
    if !is_member && !manages {
        return Err(not_found());
    }
    Ok(Reply::new(read.integrations().of_group(&scope, group).await?).at(scope.position(fresh)))
}

impl Queries {
    /// The groups whose keys the caller may see: it is in them now, and was in them at the moment of `as_of`.
    async fn groups_with_keys(&self, scope: &TeamView) -> Result<Vec<GroupId>, ApiError> {
        let mut groups = self.access.read.groups().joined_by(scope.now.contact).await?;
        if scope.is_past() {
            let then = scope.read.groups().joined_by(scope.contact).await?;
            groups.retain(|group| then.contains(group));
        }
        Ok(groups)
    }
}

fn allowed(scope: &TeamView) -> Result<(), ApiError> {
    // Keys open groups today, so the right to see them is needed today too.
    let manages = |member: &Membership| may(member.status, Action::ManageIntegrations);
    match manages(scope) && manages(&scope.now) {
        true => Ok(()),
        false => Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids)),
    }
}
