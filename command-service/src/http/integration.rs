//! `POST /api/v3/teams/{team_uid}/integrations`, `PUT` and `DELETE …/{integration_uid}`

use crate::{
    Commands,
    context::{Command, Context, NoInput},
    idempotency::Answer,
    input::{Checks, checked},
};
use access::TeamScope;
use axum::extract::State;
use domain::{
    chat::Chat,
    limits,
    team::{self, IntegrationChange, Team},
};
use events::{GroupId, IntegrationId, Position, StreamName, value::IntegrationKind};
use outbound::BadUrl;
use platform::http::{ApiError, Body, Params};
use protocol::{
    envelope::{Nothing, Success},
    integration::{ChangeIntegration, CreateIntegration, Integration},
    lang::Text,
};
use secrets::vault::{Place, Purpose};
use serde::Deserialize;

/// Random bytes of an API key: 27 characters.
const KEY_BYTES: usize = 20;

/// What the path of one integration names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    integration_uid: IntegrationId,
}

/// Makes an integration: programs may write into a group, and hear of its messages. The caller must be in the group, whose
/// members are told.
#[utoipa::path(post, path = "/api/v3/teams/{team_uid}/integrations", tag = "integrations",
    params(("team_uid" = String, Path)), request_body = CreateIntegration,
    responses((status = 200, body = Success<Integration>)))]
pub(super) async fn create(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<Body<CreateIntegration>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("integration.create");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let Body(input) = command.input;
    let mut checks = Checks::default();
    let comment = checks.line("comment", &input.comment, limits::COMMENT);
    let kind = checks.word("kind", &input.kind, IntegrationKind::ALL, IntegrationKind::word);
    let group = commands.own_group(&mut checks, &scope, &input.group).await?;
    commands.vet(&mut checks, &input.webhook_url);
    checks.done()?;
    let (kind, group) = (checked(kind)?, checked(group)?);
    let inside = commands.inside(&scope, [group]).await?;
    let integration: IntegrationId = context.id();
    let key = context.secret(&commands.vault, KEY_BYTES)?;
    let key_hash = hex::encode(commands.vault.keyed_hash(Purpose::ApiKey, key.as_bytes()));
    let place = Place::Integration(scope.team, integration);
    let key_sealed = commands.vault.seal(key.as_bytes(), place).map_err(ApiError::internal)?;
    let actor = scope.contact;
    let done = commands
        .on_team(&context, &scope, || team::Command::CreateIntegration {
            actor,
            integration,
            kind,
            key_sealed: key_sealed.clone(),
            key_hash: key_hash.clone(),
            comment: comment.clone(),
            enabled: input.enabled,
            group,
            webhook_url: input.webhook_url.clone(),
            inside: inside.clone(),
        })
        .await?;
    answer(&commands, &context, &scope, integration, done.position).await
}

/// Changes only what is sent. The caller must be in the integration's group, unless it is merely switched off.
#[utoipa::path(put, path = "/api/v3/teams/{team_uid}/integrations/{integration_uid}", tag = "integrations",
    params(("team_uid" = String, Path), ("integration_uid" = String, Path)), request_body = ChangeIntegration,
    responses((status = 200, body = Success<Integration>)))]
pub(super) async fn change(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<Body<ChangeIntegration>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("integration.change");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let Body(input) = command.input;
    let mut checks = Checks::default();
    let comment = input.comment.map(|comment| checks.line("comment", &comment, limits::COMMENT));
    let group = match &input.group {
        Some(group) => commands.own_group(&mut checks, &scope, group).await?,
        None => None,
    };
    if let Some(url) = &input.webhook_url {
        commands.vet(&mut checks, url);
    }
    checks.done()?;
    let change = IntegrationChange { comment, enabled: input.enabled, group, webhook_url: input.webhook_url };
    let (actor, integration) = (scope.contact, path.integration_uid);
    let team: Team = commands.current(&StreamName::team(scope.team)).await?;
    let inside = commands.inside(&scope, team.group_of(integration).into_iter().chain(group)).await?;
    let done = commands
        .on_team(&context, &scope, || team::Command::ChangeIntegration {
            actor,
            integration,
            change: change.clone(),
            inside: inside.clone(),
        })
        .await?;
    answer(&commands, &context, &scope, integration, done.position).await
}

/// Deletes an integration: its key opens nothing any more.
#[utoipa::path(delete, path = "/api/v3/teams/{team_uid}/integrations/{integration_uid}", tag = "integrations",
    params(("team_uid" = String, Path), ("integration_uid" = String, Path)),
    responses((status = 200, body = Success<Nothing>)))]
pub(super) async fn remove(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("integration.remove");
    if let Some(answer) = commands.removed_before(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let (actor, integration) = (scope.contact, path.integration_uid);
    let done = commands
        .on_team(&context, &scope, || team::Command::RemoveIntegration { actor, integration })
        .await?;
    commands.answer_nothing(&context, done.position).await
}

impl Commands {
    /// A group of the scope's team.
    async fn own_group(
        &self,
        checks: &mut Checks,
        scope: &TeamScope,
        text: &str,
    ) -> Result<Option<GroupId>, ApiError> {
        let Some(group) = checks.group("group", text) else { return Ok(None) };
        if !self.access.read.groups().exists(scope, group).await? {
            checks.refuse("group", Text::DoesNotExist);
        }
        Ok(Some(group))
    }

    /// Those of these groups that the member is in, as the log has it now: what somebody was in a moment ago counts no more.
    async fn inside(
        &self,
        scope: &TeamScope,
        groups: impl IntoIterator<Item = GroupId>,
    ) -> Result<Vec<GroupId>, ApiError> {
        let mut inside = vec![];
        for group in groups {
            let chat: Chat = self.current(&StreamName::chat(group)).await?;
            inside.extend(chat.status_of(scope.contact).map(|_| group));
        }
        Ok(inside)
    }

    /// An address for new messages; none is fine.
    fn vet(&self, checks: &mut Checks, url: &str) {
        if url.is_empty() {
            return;
        }
        match self.outbound.vet(url) {
            Ok(()) => {}
            Err(BadUrl::Malformed) => checks.refuse("webhook_url", Text::BadUrl),
            Err(_) => checks.refuse("webhook_url", Text::UrlNotAllowed),
        }
    }
}

async fn answer(
    commands: &Commands,
    context: &Context,
    scope: &TeamScope,
    integration: IntegrationId,
    position: Position,
) -> Result<Answer, ApiError> {
    let read = &commands.access.read;
    let view = || async {
        let inside = read.groups().joined_by(scope.contact).await?;
        read.integrations().find(scope, integration, &inside).await
    };
    commands.show(context, position, view).await
}
