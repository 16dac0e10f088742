//! Creates and deletes invitations, and joins teams with their tokens.

use crate::{
    aggregates::TransactError,
    answers::Answer,
    context::Context,
    http::team::{people::caller_as_contact, transact},
    input::Fields,
    service::CommandService,
};
use access::{Caller, TeamScope};
use axum::extract::State;
use chrono::TimeDelta;
use domain::{
    limits,
    team::{self, Team},
};
use events::{InvitationId, Position, StreamName, value::ContactStatus};
use platform::{
    http::{ApiError, Body, FieldErrors, Params},
    limits::{Key, Limit},
};
use protocol::{
    ApiVersion,
    envelope::{Nothing, Success},
    error::ErrorCode,
    invitation::{CreateInvitation, Invitation, Join, OpenInvitation},
    lang::Text,
    team::Team as TeamView,
};
use read_model::invitation::in_brief;
use secrets::vault::{Place, Purpose};
use serde::Deserialize;

/// Random bytes of an invitation's token, which give 27 characters.
const TOKEN_BYTES: usize = 20;

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    invitation_uid: InvitationId,
}

/// Create an invitation with the configured lifetime
///
/// Anybody may join the team with its token until it expires.
#[utoipa::path(post, path = "/api/v3/teams/{team_uid}/invitations", tag = "invitations",
    params(("team_uid" = String, Path, description = "Uid of the team")), responses((status = 200, body = Success<Invitation>)))]
pub(crate) async fn create_invitation(
    State(service): State<CommandService>,
    scope: TeamScope,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("invitation.create").by_member(scope.contact);
    let new = invite(&service, context, &scope, CreateInvitation::default()).await?;
    let view = || async { Ok(read_invitation(&service, &scope, &new).await?.map(in_brief)) };
    service.answers.show(&new.context, new.position, view).await
}

/// Create an invitation with a chosen lifetime and number of uses
///
/// Anybody may join the team with its token until it expires or is used up.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/invitations", tag = "invitations",
    params(("team_uid" = String, Path, description = "Uid of the team")), request_body = CreateInvitation,
    responses((status = 200, body = Success<OpenInvitation>)))]
pub(crate) async fn create_invitation_v4(
    State(service): State<CommandService>,
    scope: TeamScope,
    context: Context,
    Body(input): Body<CreateInvitation>,
) -> Result<Answer, ApiError> {
    let context = context.named("invitation.create").by_member(scope.contact);
    let new = invite(&service, context, &scope, input).await?;
    service.answers.show(&new.context, new.position, || read_invitation(&service, &scope, &new)).await
}

/// Delete an invitation (v4)
///
/// Its token opens nothing any more.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/invitations/{invitation_uid}", tag = "invitations",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("invitation_uid" = String, Path, description = "Uid of the invitation")),
    responses((status = 200, body = Success<Nothing>)))]
pub(crate) async fn revoke_invitation_v4(
    state: State<CommandService>,
    scope: TeamScope,
    path: Params<Path>,
    context: Context,
) -> Result<Answer, ApiError> {
    revoke_invitation(state, scope, path, context).await
}

/// Delete an invitation (v3)
///
/// Its token opens nothing any more.
#[utoipa::path(delete, path = "/api/v3/teams/{team_uid}/invitations/{invitation_uid}", tag = "invitations",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("invitation_uid" = String, Path, description = "Uid of the invitation")),
    responses((status = 200, body = Success<Nothing>)))]
pub(crate) async fn revoke_invitation(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<Path>,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("invitation.revoke").by_member(scope.contact);
    let (actor, invitation) = (scope.contact, path.invitation_uid);
    let done = transact(&service, &context, &scope, || team::Command::RevokeInvitation { actor, invitation })
        .await?;
    service.answers.nothing(&context, done.position).await
}

/// Join a team with an invitation token in the body
///
/// Joining again changes nothing.
#[utoipa::path(post, path = "/api/v3/teams/join", tag = "invitations", request_body = Join,
    responses((status = 200, body = Success<TeamView>)))]
pub(crate) async fn join_team(
    State(service): State<CommandService>,
    caller: Caller,
    context: Context,
    Body(input): Body<Join>,
) -> Result<Answer, ApiError> {
    join(&service, &caller, context, &input.token, ApiVersion::V3).await
}

#[derive(Debug, Deserialize)]
pub(super) struct Link {
    token: String,
}

/// Join a team with an invitation token in the path
///
/// Joining again changes nothing.
#[utoipa::path(post, path = "/api/v4/join/{token}", tag = "invitations", params(("token" = String, Path, description = "Token of the invitation")),
    responses((status = 200, body = Success<TeamView>)))]
pub(crate) async fn join_team_v4(
    State(service): State<CommandService>,
    caller: Caller,
    Params(link): Params<Link>,
    context: Context,
) -> Result<Answer, ApiError> {
    join(&service, &caller, context, &link.token, ApiVersion::V4).await
}

/// An invitation that was created just now.
struct NewInvitation {
    invitation: InvitationId,
    position: Position,
    context: Context,
}

async fn invite(
    service: &CommandService,
    mut context: Context,
    scope: &TeamScope,
    input: CreateInvitation,
) -> Result<NewInvitation, ApiError> {
    let mut errors = FieldErrors::default();
    let usual = service.access.config.invitations.valid_days;
    let valid_days = errors.within("valid_days", input.valid_days, limits::INVITATION_MOST_DAYS);
    let max_uses = errors.within("max_uses", input.max_uses, limits::INVITATION_USES);
    errors.finish()?;
    let (actor, now) = (scope.contact, context.now);
    let expires = now + TimeDelta::days(valid_days.unwrap_or(usual).into());
    let invitation: InvitationId = context.id();
    let token = context.secret(&service.vault, TOKEN_BYTES)?;
    let token_hash = hex::encode(service.vault.keyed_hash(Purpose::InvitationToken, token.as_bytes()));
    let token_sealed = service
        .vault
        .seal(token.as_bytes(), Place::Invitation(scope.team, invitation))
        .map_err(ApiError::internal)?;
    let done = transact(service, &context, scope, || team::Command::Invite {
        actor,
        invitation,
        token_sealed: token_sealed.clone(),
        token_hash: token_hash.clone(),
        expires,
        max_uses,
        now,
    })
    .await?;
    Ok(NewInvitation { invitation, position: done.position, context })
}

async fn read_invitation(
    service: &CommandService,
    scope: &TeamScope,
    new: &NewInvitation,
) -> read_model::Result<Option<OpenInvitation>> {
    service.access.read.invitations().find(scope, new.invitation, new.context.now).await
}

async fn join(
    service: &CommandService,
    caller: &Caller,
    context: Context,
    token: &str,
    version: ApiVersion,
) -> Result<Answer, ApiError> {
    let mut context = context.named("team.join");
    service.access.limits.check(Limit::JoinPerAccount, &Key::Account(caller.account.0))?;
    let read = &service.access.read;
    let unknown = || ApiError::new(ErrorCode::NotFound).because(Text::BadToken);
    let found = read.invitations().by_token(token, context.now).await?;
    let invited = found.ok_or_else(unknown)?;
    let (team, invitation, made) = (invited.team(), invited.invitation(), invited.made());
    let now = context.now;
    let joiner = caller_as_contact(service, &mut context, caller, ContactStatus::Member).await?;
    let command = |_: &Team| team::Command::Join { invitation, joiner: joiner.clone(), made, now };
    let done = service.aggregates.transact(&context, StreamName::team(team), command).await;
    let done = match done {
        Err(TransactError::Rejected(team::Rejection::NoTeam | team::Rejection::NoInvitation)) => {
            return Err(unknown());
        }
        done => done?,
    };
    service.answers.show(&context, done.position, || read.teams().find(caller.account, team, version)).await
}
