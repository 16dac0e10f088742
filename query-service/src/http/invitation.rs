//! `GET /api/v3/teams/{team_uid}/invitations`, `…/{invitation_uid}`, and the QR picture `…/{token}.png`: with tokens, for
//! members who may invite. `GET /api/v4/join/{token}/preview`: for anyone who has a token.

use crate::Queries;
use access::{Fresh, TeamView, not_found};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use events::InvitationId;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use media::qr;
use platform::{
    http::{ApiError, Bare, Params, Reply, RequestInfo},
    limits::{Key, Limit},
};
use protocol::{
    envelope::Success,
    error::ErrorCode,
    invitation::{Invitation, OpenInvitation, TeamShort},
    lang::Text,
};
use read_model::invitation::{Invited, in_brief};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    /// The uid, or the token with `.png`.
    invitation_uid: String,
}

/// List the open invitations of a team
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/invitations", tag = "invitations",
    params(("team_uid" = String, Path, description = "Uid of the team")), responses((status = 200, body = Success<Vec<Invitation>>)))]
pub(super) async fn list_invitations(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
) -> Result<Reply<Vec<Invitation>>, ApiError> {
    let open = queries.open_invitations(&scope).await?;
    Ok(Reply::new(open.into_iter().map(in_brief).collect()).at(scope.position(fresh)))
}

/// List the open invitations of a team with their limits
///
/// With the time at which each expires and the number of its uses.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/invitations", tag = "invitations",
    params(("team_uid" = String, Path, description = "Uid of the team")), responses((status = 200, body = Success<Vec<OpenInvitation>>)))]
pub(super) async fn list_invitations_v4(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
) -> Result<Reply<Vec<OpenInvitation>>, ApiError> {
    Ok(Reply::new(queries.open_invitations(&scope).await?).at(scope.position(fresh)))
}

/// Show an invitation with its limits
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/invitations/{invitation_uid}", tag = "invitations",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("invitation_uid" = String, Path, description = "Uid of the invitation")),
    responses((status = 200, body = Success<OpenInvitation>)))]
pub(super) async fn show_invitation_v4(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Reply<OpenInvitation>, ApiError> {
    allowed(&scope)?;
    let uid: InvitationId = path.invitation_uid.parse().map_err(|_| not_found())?;
    let now = queries.access.clock.now();
    let found = scope.read.invitations().find(&scope, uid, now).await?;
    Ok(Reply::new(found.ok_or_else(not_found)?).at(scope.position(fresh)))
}

/// Show an invitation or its QR picture
///
/// The invitation by its uid; by `{token}.png` its QR picture, which encodes `otv://qr-join/{host}/{token}`.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/invitations/{invitation_uid}", tag = "invitations",
    params(("team_uid" = String, Path, description = "Uid of the team"),
        ("invitation_uid" = String, Path, description = "Uid of the invitation")), responses(
    (status = 200, description = "The invitation, or its picture",
        content((Success<Invitation> = "application/json"), (Vec<u8> = "image/png")))))]
pub(super) async fn show_invitation(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
    Params(path): Params<Path>,
) -> Result<Response, ApiError> {
    allowed(&scope)?;
    let (read, now) = (&scope.read, queries.access.clock.now());
    let Some(token) = path.invitation_uid.strip_suffix(".png") else {
        let uid: InvitationId = path.invitation_uid.parse().map_err(|_| not_found())?;
        let invitation = read.invitations().find(&scope, uid, now).await?;
        let invitation = invitation.map(in_brief).ok_or_else(not_found)?;
        return Ok(Reply::new(invitation).at(scope.position(fresh)).into_response());
    };
    match read.invitations().by_token(token, now).await? {
        Some(invited) if invited.team() == scope.team && invited.is_open() => {}
        _ => return Err(not_found()),
    }
    let png = qr::png(&format!("otv://qr-join/{}/{token}", read.host())).map_err(ApiError::internal)?;
    Ok(Bare(([(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, "no-store")], png)).into_response())
}

fn allowed(scope: &TeamView) -> Result<(), ApiError> {
    // Tokens open the team today, so the right to invite is needed today too.
    match scope.may_invite && scope.now.may_invite {
        true => Ok(()),
        false => Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids)),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Link {
    token: String,
}

/// Preview the team of an invitation
///
/// Name and picture of the team, without a login.
#[utoipa::path(get, path = "/api/v4/join/{token}/preview", tag = "invitations", params(("token" = String, Path, description = "Token of the invitation")),
    responses((status = 200, body = Success<TeamShort>)), security(()))]
pub(super) async fn preview_invitation(
    State(queries): State<Queries>,
    request: RequestInfo,
    Params(link): Params<Link>,
) -> Result<Reply<TeamShort>, ApiError> {
    queries.preview(&request, &link.token).await
}

/// Preview the team of an invitation link
///
/// Another path of the preview: the address of an invitation link.
#[utoipa::path(get, path = "/api/v3/join/{token}", tag = "invitations", params(("token" = String, Path, description = "Token of the invitation")),
    responses((status = 200, body = Success<TeamShort>)), security(()))]
pub(super) async fn preview_invitation_link(
    State(queries): State<Queries>,
    request: RequestInfo,
    Params(link): Params<Link>,
) -> Result<Reply<TeamShort>, ApiError> {
    queries.preview(&request, &link.token).await
}

impl Queries {
    async fn preview(&self, request: &RequestInfo, token: &str) -> Result<Reply<TeamShort>, ApiError> {
        self.access.limits.check(Limit::JoinPerAddress, &Key::Address(request.client))?;
        let read = &self.access.read;
        let unknown = || ApiError::new(ErrorCode::NotFound).because(Text::BadToken);
        let invited = read.invitations().by_token(token, self.access.clock.now()).await?;
        let invited = invited.filter(Invited::is_open).ok_or_else(unknown)?;
        Ok(Reply::new(read.teams().brief(&invited).await?.ok_or_else(unknown)?))
    }

    /// Invitations that are open now, even for a view of the past.
    async fn open_invitations(&self, scope: &TeamView) -> Result<Vec<OpenInvitation>, ApiError> {
        allowed(scope)?;
        Ok(scope.read.invitations().list(scope, self.access.clock.now()).await?)
    }
}
