//! `/api/v3/teams/{team_uid}/integrations`: creates, changes and deletes integrations.

use crate::{
    answers::Answer,
    context::Context,
    http::team::transact,
    input::{Fields, checked},
    service::CommandService,
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
use platform::http::{ApiError, Body, FieldErrors, Params};
use protocol::{
    envelope::{Nothing, Success},
    integration::{ChangeIntegration, CreateIntegration, Integration},
    lang::Text,
};
use secrets::vault::{Place, Purpose};
use serde::Deserialize;

/// Random bytes of an API key, which give 27 characters.
const KEY_BYTES: usize = 20;

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    integration_uid: IntegrationId,
}

/// Create an integration of a group
///
/// Programs with its key may post into the group, and its webhook gets the group's messages. The caller must be in the group, whose
/// members are notified.
#[utoipa::path(post, path = "/api/v3/teams/{team_uid}/integrations", tag = "integrations",
    params(("team_uid" = String, Path, description = "Uid of the team")), request_body = CreateIntegration,
    responses((status = 200, body = Success<Integration>)))]
pub(crate) async fn create_integration(
    State(service): State<CommandService>,
    scope: TeamScope,
    context: Context,
    Body(input): Body<CreateIntegration>,
) -> Result<Answer, ApiError> {
    let mut context = context.named("integration.create").by_member(scope.contact);
    let mut errors = FieldErrors::default();
    let comment = errors.line("comment", &input.comment, limits::COMMENT);
    let kind = errors.word("kind", &input.kind, IntegrationKind::ALL, IntegrationKind::word);
    let group = read_group(&service, &mut errors, &scope, &input.group).await?;
    check_webhook(&service, &mut errors, &input.webhook_url);
    errors.finish()?;
    let (kind, group) = (checked(kind)?, checked(group)?);
    let inside = joined_groups(&service, &scope, [group]).await?;
    let (actor, integration): (_, IntegrationId) = (scope.contact, context.id());
    let (key_hash, key_sealed) = new_key(&service, &mut context, &scope, integration)?;
    let done = transact(&service, &context, &scope, || team::Command::CreateIntegration {
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
    show(&service, &context, &scope, integration, done.position).await
}

/// Change an integration
///
/// Changes the fields that are sent. The caller must be in the integration's group, unless the call only disables it.
#[utoipa::path(put, path = "/api/v3/teams/{team_uid}/integrations/{integration_uid}", tag = "integrations",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("integration_uid" = String, Path, description = "Uid of the integration")), request_body = ChangeIntegration,
    responses((status = 200, body = Success<Integration>)))]
pub(crate) async fn change_integration(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<Path>,
    context: Context,
    Body(input): Body<ChangeIntegration>,
) -> Result<Answer, ApiError> {
    let context = context.named("integration.change").by_member(scope.contact);
    let mut errors = FieldErrors::default();
    let comment = input.comment.map(|comment| errors.line("comment", &comment, limits::COMMENT));
    let group = match &input.group {
        Some(group) => read_group(&service, &mut errors, &scope, group).await?,
        None => None,
    };
    if let Some(url) = &input.webhook_url {
        check_webhook(&service, &mut errors, url);
    }
    errors.finish()?;
    let change = IntegrationChange { comment, enabled: input.enabled, group, webhook_url: input.webhook_url };
    let (actor, integration) = (scope.contact, path.integration_uid);
    let team: Team = service.aggregates.current(&StreamName::team(scope.team)).await?;
    let inside = joined_groups(&service, &scope, team.group_of(integration).into_iter().chain(group)).await?;
    let done = transact(&service, &context, &scope, || team::Command::ChangeIntegration {
        actor,
        integration,
        change: change.clone(),
        inside: inside.clone(),
    })
    .await?;
    show(&service, &context, &scope, integration, done.position).await
}

/// Delete an integration
///
/// Its key opens nothing any more.
#[utoipa::path(delete, path = "/api/v3/teams/{team_uid}/integrations/{integration_uid}", tag = "integrations",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("integration_uid" = String, Path, description = "Uid of the integration")),
    responses((status = 200, body = Success<Nothing>)))]
pub(crate) async fn remove_integration(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<Path>,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("integration.remove").by_member(scope.contact);
    let (actor, integration) = (scope.contact, path.integration_uid);
    let done =
        transact(&service, &context, &scope, || team::Command::RemoveIntegration { actor, integration })
            .await?;
    service.answers.nothing(&context, done.position).await
}

/// A new API key: its keyed hash, and the sealed key that the API shows.
fn new_key(
    service: &CommandService,
    context: &mut Context,
    scope: &TeamScope,
    integration: IntegrationId,
) -> Result<(String, String), ApiError> {
    let key = context.secret(&service.vault, KEY_BYTES)?;
    let key_hash = hex::encode(service.vault.keyed_hash(Purpose::ApiKey, key.as_bytes()));
    let place = Place::Integration(scope.team, integration);
    let key_sealed = service.vault.seal(key.as_bytes(), place).map_err(ApiError::internal)?;
    Ok((key_hash, key_sealed))
}

/// Reads a group, which has to belong to the team.
async fn read_group(
    service: &CommandService,
    errors: &mut FieldErrors,
    scope: &TeamScope,
    text: &str,
) -> Result<Option<GroupId>, ApiError> {
    let Some(group) = errors.group("group", text) else { return Ok(None) };
    if !service.access.read.groups().exists(scope, group).await? {
        errors.add("group", Text::DoesNotExist);
    }
    Ok(Some(group))
}

/// Those of the groups that the member is in, as the log has it now, not the read model.
async fn joined_groups(
    service: &CommandService,
    scope: &TeamScope,
    groups: impl IntoIterator<Item = GroupId>,
) -> Result<Vec<GroupId>, ApiError> {
    let mut inside = vec![];
    for group in groups {
        let chat: Chat = service.aggregates.current(&StreamName::chat(group)).await?;
        inside.extend(chat.status_of(scope.contact).map(|_| group));
    }
    Ok(inside)
}

/// Checks the URL of a webhook; an empty one is fine.
fn check_webhook(service: &CommandService, errors: &mut FieldErrors, url: &str) {
    if url.is_empty() {
        return;
    }
    match service.outbound.vet(url) {
        Ok(()) => {}
        Err(BadUrl::Malformed) => errors.add("webhook_url", Text::BadUrl),
        Err(_) => errors.add("webhook_url", Text::UrlNotAllowed),
    }
}

async fn show(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    integration: IntegrationId,
    position: Position,
) -> Result<Answer, ApiError> {
    let read = &service.access.read;
    let view = || async {
        let inside = read.groups().joined_by(scope.contact).await?;
        read.integrations().find(scope, integration, &inside).await
    };
    service.answers.show(context, position, view).await
}
