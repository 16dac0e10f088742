//! `GET /api/v4/teams/{team_uid}/groups`, `…/{group_jid}`, `…/{group_jid}/members`

use access::{Fresh, TeamView, not_found};
use events::{GroupId, chat::ChatRef};
use platform::http::{ApiError, Params, Reply};
use protocol::{
    Jid,
    chat::{Chat, GroupMembers},
    envelope::Success,
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    group_jid: Jid,
}

impl Path {
    fn group(&self) -> Result<GroupId, ApiError> {
        match self.group_jid {
            Jid::Group(group) => Ok(group),
            Jid::Direct(_) | Jid::Task(_) => Err(not_found()),
        }
    }
}

/// List the groups of a team
///
/// The groups that the caller is in, and public groups; for admins and owners also groups without members.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/groups", tag = "groups",
    params(("team_uid" = String, Path, description = "Uid of the team")),
    responses((status = 200, body = Success<Vec<Chat>>)))]
pub(super) async fn list_groups(fresh: Fresh, scope: TeamView) -> Result<Reply<Vec<Chat>>, ApiError> {
    Ok(Reply::new(scope.read.chats().groups(&scope).await?).at(scope.position(fresh)))
}

/// Show a group
///
/// With its members.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/groups/{group_jid}", tag = "groups",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("group_jid" = Jid, Path, description = "Address of the group")),
    responses((status = 200, body = Success<Chat>)))]
pub(super) async fn show_group(
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<Chat>, ApiError> {
    let group = ChatRef::Group(path.group()?);
    let view = scope.read.chats().complete_view(&scope, group).await?;
    Ok(Reply::new(view.ok_or_else(not_found)?).at(scope.position(fresh)))
}

/// List the members of a group
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/groups/{group_jid}/members", tag = "groups",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("group_jid" = Jid, Path, description = "Address of the group")),
    responses((status = 200, body = Success<GroupMembers>)))]
pub(super) async fn list_group_members(
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<GroupMembers>, ApiError> {
    let group = path.group()?;
    scope.read.chats().view(&scope, ChatRef::Group(group)).await?.ok_or_else(not_found)?;
    let members = scope.read.groups().members(&scope, group).await?;
    Ok(Reply::new(GroupMembers { members }).at(scope.position(fresh)))
}
