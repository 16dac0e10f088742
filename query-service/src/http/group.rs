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

/// What the path of a group names.
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

/// The groups that the caller is in, and the public ones; for owners and admins also the groups that nobody is in any more.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/groups", tag = "groups", params(("team_uid" = String, Path)),
    responses((status = 200, body = Success<Vec<Chat>>)))]
pub(super) async fn list(fresh: Fresh, scope: TeamView) -> Result<Reply<Vec<Chat>>, ApiError> {
    Ok(Reply::new(scope.read.chats().groups(&scope).await?).at(scope.position(fresh)))
}

/// One group.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/groups/{group_jid}", tag = "groups",
    params(("team_uid" = String, Path), ("group_jid" = Jid, Path)),
    responses((status = 200, body = Success<Chat>)))]
pub(super) async fn one(
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<Chat>, ApiError> {
    let group = ChatRef::Group(path.group()?);
    let view = scope.read.chats().complete_view(&scope, group).await?;
    Ok(Reply::new(view.ok_or_else(not_found)?).at(scope.position(fresh)))
}

/// Everybody in a group that the caller may see.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/groups/{group_jid}/members", tag = "groups",
    params(("team_uid" = String, Path), ("group_jid" = Jid, Path)),
    responses((status = 200, body = Success<GroupMembers>)))]
pub(super) async fn members(
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<GroupMembers>, ApiError> {
    let (read, group) = (&scope.read, path.group()?);
    read.chats().view(&scope, ChatRef::Group(group)).await?.ok_or_else(not_found)?;
    let members = read.groups().members(&scope, group).await?;
    Ok(Reply::new(GroupMembers { members }).at(scope.position(fresh)))
}
