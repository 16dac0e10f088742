//! `POST /api/v3/teams/{team_uid}/invitations`, `DELETE …/{invitation_uid}`, and the same under v4; `POST /api/v3/teams/join`,
//! `POST /api/v4/join/{token}`

use crate::{
    Commands,
    context::{Command, Context, NoInput},
    http::team::{as_contact, refused},
    idempotency::Answer,
    input::Checks,
    transact::{InitialState, Transacted},
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
    http::{ApiError, Body, Params},
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

/// Random bytes of an invitation's token: 27 characters.
const TOKEN_BYTES: usize = 20;

/// What the path of one invitation names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    invitation_uid: InvitationId,
}

/// Makes an invitation: its token lets anybody join, for as many days as the server is configured to allow.
#[utoipa::path(post, path = "/api/v3/teams/{team_uid}/invitations", tag = "invitations",
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<Invitation>)))]
pub(super) async fn create(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let context = command.context.named("invitation.create");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    let made = commands.invite(context, &scope, CreateInvitation::default()).await?;
    let view = || async { Ok(commands.invitation(&scope, &made).await?.map(in_brief)) };
    commands.show(&made.context, made.position, view).await
}

/// Makes an invitation: its token lets anybody join, for a number of days and, if the caller says so, a number of times.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/invitations", tag = "invitations",
    params(("team_uid" = String, Path)), request_body = CreateInvitation,
    responses((status = 200, body = Success<OpenInvitation>)))]
pub(super) async fn create_v4(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<Body<CreateInvitation>>,
) -> Result<Answer, ApiError> {
    let context = command.context.named("invitation.create");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    let made = commands.invite(context, &scope, command.input.0).await?;
    commands.show(&made.context, made.position, || commands.invitation(&scope, &made)).await
}

/// Deletes an invitation: its token opens nothing any more.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/invitations/{invitation_uid}", tag = "invitations",
    params(("team_uid" = String, Path), ("invitation_uid" = String, Path)),
    responses((status = 200, body = Success<Nothing>)))]
pub(super) async fn revoke_v4(
    state: State<Commands>,
    scope: TeamScope,
    path: Params<Path>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    revoke(state, scope, path, command).await
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
    commands.join(&caller, context, &token, ApiVersion::V3).await
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
    commands.join(&caller, command.context, &link.token, ApiVersion::V4).await
}

/// An invitation that was made just now.
struct Made {
    invitation: InvitationId,
    position: Position,
    context: Context,
}

impl Commands {
    async fn invite(
        &self,
        mut context: Context,
        scope: &TeamScope,
        input: CreateInvitation,
    ) -> Result<Made, ApiError> {
        context.as_contact(scope.contact);
        let mut checks = Checks::default();
        let usual = self.access.config.invitations.valid_days;
        let valid_days = checks.within("valid_days", input.valid_days, limits::INVITATION_MOST_DAYS);
        let max_uses = checks.within("max_uses", input.max_uses, limits::INVITATION_USES);
        checks.done()?;
        let (actor, now) = (scope.contact, context.now);
        let expires = now + TimeDelta::days(valid_days.unwrap_or(usual).into());
        let invitation: InvitationId = context.id();
        let token = context.secret(&self.vault, TOKEN_BYTES)?;
        let token_hash = hex::encode(self.vault.keyed_hash(Purpose::InvitationToken, token.as_bytes()));
        let token_sealed = self
            .vault
            .seal(token.as_bytes(), Place::Invitation(scope.team, invitation))
            .map_err(ApiError::internal)?;
        let done = self
            .on_team(&context, scope, || team::Command::Invite {
                actor,
                invitation,
                token_sealed: token_sealed.clone(),
                token_hash: token_hash.clone(),
                expires,
                max_uses,
                now,
            })
            .await?;
        Ok(Made { invitation, position: done.position, context })
    }

    async fn invitation(&self, scope: &TeamScope, made: &Made) -> read_model::Result<Option<OpenInvitation>> {
        self.access.read.invitations().find(scope, made.invitation, made.context.now).await
    }

    async fn join(
        &self,
        caller: &Caller,
        context: Context,
        token: &str,
        version: ApiVersion,
    ) -> Result<Answer, ApiError> {
        let mut context = context.named("team.join");
        if let Some(answer) = self.repeated(&context).await? {
            return Ok(answer);
        }
        self.access.limits.check(Limit::JoinPerAccount, &Key::Account(caller.account.0))?;
        let read = &self.access.read;
        let unknown = || ApiError::new(ErrorCode::NotFound).because(Text::BadToken);
        let found = read.invitations().by_token(token, context.now).await?;
        let invited = found.ok_or_else(unknown)?;
        let (team, invitation, made) = (invited.team(), invited.invitation(), invited.made());
        let now = context.now;
        let joiner = as_contact(self, &mut context, caller, ContactStatus::Member).await?;
        let done: Transacted<Team> = self
            .transact(&context, StreamName::team(team), InitialState::Cached, |_: &Team| {
                team::Command::Join { invitation, joiner: joiner.clone(), made, now }
            })
            .await
            .map_err(|stop| {
                stop.or(|rejection| match rejection {
                    team::Rejection::NoTeam | team::Rejection::NoInvitation => unknown(),
                    other => refused(other),
                })
            })?;
        self.show(&context, done.position, || read.teams().find(caller.account, team, version)).await
    }
}
