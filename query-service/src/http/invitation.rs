//! `GET /api/v3/teams/{team_uid}/invitations`, `…/{invitation_uid}`, and the QR picture `…/{token}.png`: they show tokens,
//! so only to those who may invite.

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

/// What the path of one invitation names: its uid, or its token with `.png`.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    invitation_uid: String,
}

/// The team's open invitations.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/invitations", tag = "invitations",
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<Vec<Invitation>>)))]
pub(super) async fn list(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
) -> Result<Reply<Vec<Invitation>>, ApiError> {
    let open = queries.open_invitations(&scope).await?;
    Ok(Reply::new(open.into_iter().map(in_brief).collect()).at(scope.position(fresh)))
}

/// The team's open invitations, with how long and for how many they are open.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/invitations", tag = "invitations",
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<Vec<OpenInvitation>>)))]
pub(super) async fn list_v4(
    State(queries): State<Queries>,
    fresh: Fresh,
    scope: TeamView,
) -> Result<Reply<Vec<OpenInvitation>>, ApiError> {
    Ok(Reply::new(queries.open_invitations(&scope).await?).at(scope.position(fresh)))
}

/// One invitation.
#[utoipa::path(get, path = "/api/v4/teams/{team_uid}/invitations/{invitation_uid}", tag = "invitations",
    params(("team_uid" = String, Path), ("invitation_uid" = String, Path)),
    responses((status = 200, body = Success<OpenInvitation>)))]
pub(super) async fn one_v4(
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

/// One invitation by its uid; by `{token}.png` its QR picture, which says `otv://qr-join/{host}/{token}`.
#[utoipa::path(get, path = "/api/v3/teams/{team_uid}/invitations/{invitation_uid}", tag = "invitations",
    params(("team_uid" = String, Path), ("invitation_uid" = String, Path)), responses(
    (status = 200, description = "The invitation, or its picture",
        content((Success<Invitation> = "application/json"), (Vec<u8> = "image/png")))))]
pub(super) async fn one(
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
    // What opens the team today is for those alone who may invite today.
    match scope.may_invite && scope.now.may_invite {
        true => Ok(()),
        false => Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids)),
    }
}

/// What the path of a link names.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    token: String,
}

/// The team that an invitation leads to, for those who have yet to join; no login is needed.
#[utoipa::path(get, path = "/api/v4/join/{token}/preview", tag = "invitations", params(("token" = String, Path)),
    responses((status = 200, body = Success<TeamShort>)), security(()))]
pub(super) async fn preview(
    State(queries): State<Queries>,
    request: RequestInfo,
    Params(link): Params<Link>,
) -> Result<Reply<TeamShort>, ApiError> {
    queries.preview(&request, &link.token).await
}

/// The same at the address of an invitation link.
#[utoipa::path(get, path = "/api/v3/join/{token}", tag = "invitations", params(("token" = String, Path)),
    responses((status = 200, body = Success<TeamShort>)), security(()))]
pub(super) async fn link(
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

    /// The invitations that are open now: one that was open at the moment of `as_of` may have ended since.
    async fn open_invitations(&self, scope: &TeamView) -> Result<Vec<OpenInvitation>, ApiError> {
        allowed(scope)?;
        Ok(scope.read.invitations().list(scope, self.access.clock.now()).await?)
    }
}
