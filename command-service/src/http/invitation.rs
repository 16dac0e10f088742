//! `POST /api/v3/teams/{team_uid}/invitations`, `DELETE …/{invitation_uid}`, `POST /api/v3/teams/join`, `POST /api/v4/join/{token}`

use crate::{
    Commands,
    context::{Command, Context, NoInput},
    http::team::{as_contact, refused},
    repeat::Answer,
    transact::{Done, Start},
};
use access::{Caller, TeamScope, refuse};
use axum::extract::State;
use domain::team::{self, Team};
use events::{InvitationId, StreamName, value::ContactStatus};
use platform::{
    http::{ApiError, Body, Params},
    limits::{Key, Limit},
    vault::{Place, Purpose},
};
use protocol::{
    contact::Edition,
    envelope::{Nothing, Success},
    error::ErrorCode,
    invitation::{Invitation, Join},
    lang::Text,
    team::Team as TeamView,
};
use serde::Deserialize;

/// Random bytes of an invitation's token: 27 characters.
const TOKEN_BYTES: usize = 20;

/// What the path of one invitation names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    invitation_uid: InvitationId,
}

/// Makes an invitation: whoever has its token may join.
#[utoipa::path(post, path = "/api/v3/teams/{team_uid}/invitations", tag = "invitations",
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<Invitation>)))]
pub(super) async fn create(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("invitation.create");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let invitation: InvitationId = context.id();
    let token = context.secret(&commands.vault, TOKEN_BYTES)?;
    let token_hash = hex::encode(commands.vault.keyed_hash(Purpose::InvitationToken, token.as_bytes()));
    let place = Place::Invitation(scope.team, invitation);
    let token_sealed = commands.vault.seal(token.as_bytes(), place).map_err(ApiError::internal)?;
    let actor = scope.contact;
    let done = commands
        .on_team(&context, &scope, || team::Command::Invite {
            actor,
            invitation,
            token_sealed: token_sealed.clone(),
            token_hash: token_hash.clone(),
        })
        .await?;
    commands.show(&context, done.position, || commands.access.read.invitation(scope.team, invitation)).await
}

/// Deletes an invitation: its token opens nothing any more.
#[utoipa::path(delete, path = "/api/v3/teams/{team_uid}/invitations/{invitation_uid}", tag = "invitations",
    params(("team_uid" = String, Path), ("invitation_uid" = String, Path)),
    responses((status = 200, body = Success<Nothing>)))]
pub(super) async fn revoke(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("invitation.revoke");
    if let Some(answer) = commands.removed_before(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let (actor, invitation) = (scope.contact, path.invitation_uid);
    let done =
        commands.on_team(&context, &scope, || team::Command::RevokeInvitation { actor, invitation }).await?;
    commands.answer_nothing(&context, done.position).await
}

/// Joins the team of an invitation. Joining again is harmless.
#[utoipa::path(post, path = "/api/v3/teams/join", tag = "invitations", request_body = Join,
    responses((status = 200, body = Success<TeamView>)))]
pub(super) async fn join(
    State(commands): State<Commands>,
    caller: Caller,
    command: Command<Body<Join>>,
) -> Result<Answer, ApiError> {
    let Command { input: Body(Join { token }), context } = command;
    commands.join(&caller, context, &token, Edition::V3).await
}

/// What the path of a link names.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    token: String,
}

/// Joins the team of an invitation. Joining again is harmless.
#[utoipa::path(post, path = "/api/v4/join/{token}", tag = "invitations", params(("token" = String, Path)),
    responses((status = 200, body = Success<TeamView>)))]
pub(super) async fn join_v4(
    State(commands): State<Commands>,
    caller: Caller,
    Params(link): Params<Link>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    commands.join(&caller, command.context, &link.token, Edition::V4).await
}

impl Commands {
    async fn join(
        &self,
        caller: &Caller,
        context: Context,
        token: &str,
        edition: Edition,
    ) -> Result<Answer, ApiError> {
        let mut context = context.named("team.join");
        if let Some(answer) = self.repeated(&context).await? {
            return Ok(answer);
        }
        self.access.limits.check(Limit::JoinPerAccount, &Key::Account(caller.account.0))?;
        let read = &self.access.read;
        let unknown = || ApiError::new(ErrorCode::NotFound).because(Text::BadToken);
        let found = read.invitation_by_token(token).await.map_err(refuse)?;
        let (team, invitation) = found.ok_or_else(unknown)?;
        let joiner = as_contact(self, &mut context, caller, ContactStatus::Member).await?;
        let done: Done<Team> = self
            .transact(&context, StreamName::team(team), Start::Known, |_: &Team| team::Command::Join {
                invitation,
                joiner: joiner.clone(),
            })
            .await
            .map_err(|stop| {
                stop.or(|rejection| match rejection {
                    team::Rejection::NoTeam | team::Rejection::NoInvitation => unknown(),
                    other => refused(other),
                })
            })?;
        self.show(&context, done.position, || read.team(caller.account, team, edition)).await
    }
}
