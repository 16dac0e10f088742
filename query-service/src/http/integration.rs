//! `GET /api/v3/teams/{team_uid}/integrations`, `…/{integration_uid}`: they show keys, so only to those who manage them,
//! and of those alone whose groups the caller is in. `GET /api/v4/teams/{team_uid}/groups/{group_jid}/integrations`: without keys.

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

/// What the path of one integration names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    integration_uid: IntegrationId,
}

/// The team's integrations, and the kinds there could be.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/integrations", tag = "integrations",
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<Integrations>)))]
pub(super) async fn list(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
) -> Result<Reply<Integrations>, ApiError> {
    allowed(&scope)?;
    let inside = queries.inside(&scope).await?;
    Ok(Reply::new(scope.read.integrations().list(&scope, &inside).await?).at(scope.position(fresh)))
}

/// One integration.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/integrations/{integration_uid}", tag = "integrations",
    params(("team_uid" = String, Path), ("integration_uid" = String, Path)),
    responses((status = 200, body = Success<Integration>)))]
pub(super) async fn one(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<Integration>, ApiError> {
    allowed(&scope)?;
    let inside = queries.inside(&scope).await?;
    let found = scope.read.integrations().find(&scope, path.integration_uid, &inside).await?;
    Ok(Reply::new(found.ok_or_else(not_found)?).at(scope.position(fresh)))
}

/// The parameters of a group's path.
#[derive(Debug, Deserialize)]
pub(super) struct GroupPath {
    group_jid: Jid,
}

/// The integrations that hear a group and write into it, for its members and for those who manage integrations.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/groups/{group_jid}/integrations", tag = "groups",
    params(("team_uid" = String, Path), ("group_jid" = Jid, Path)),
    responses((status = 200, body = Success<Vec<GroupIntegration>>)))]
pub(super) async fn of_group(
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
    /// The groups of which the caller is shown keys: those it was in then and is in now.
    async fn inside(&self, scope: &TeamView) -> Result<Vec<GroupId>, ApiError> {
        let mut inside = self.access.read.groups().joined_by(scope.now.contact).await?;
        if scope.is_past() {
            let then = scope.read.groups().joined_by(scope.contact).await?;
            inside.retain(|group| then.contains(group));
        }
        Ok(inside)
    }
}

fn allowed(scope: &TeamView) -> Result<(), ApiError> {
    // What opens groups today is for those alone who manage integrations today.
    let manages = |member: &Membership| may(member.status, Action::ManageIntegrations);
    match manages(scope) && manages(&scope.now) {
        true => Ok(()),
        false => Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids)),
    }
}
