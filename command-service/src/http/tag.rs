//! `/api/v4/teams/{team_uid}/tags`: creates and deletes tags.

use crate::{
    aggregates::Transacted, answers::Answer, context::Context, input::Fields, service::CommandService,
};
use access::TeamScope;
use axum::extract::State;
use domain::{
    limits,
    tag::{self, Tags},
};
use events::{StreamName, TagId};
use platform::http::{ApiError, Body, FieldErrors, Params};
use protocol::{
    envelope::{Nothing, Success},
    tag::{CreateTag, Tag},
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    tag_uid: TagId,
}

/// Create a tag
///
/// A tag of the same word that exists already is the answer.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/tags", tag = "tasks", params(("team_uid" = String, Path, description = "Uid of the team")),
    request_body = CreateTag, responses((status = 200, body = Success<Tag>)))]
pub(crate) async fn create_tag(
    State(service): State<CommandService>,
    scope: TeamScope,
    context: Context,
    Body(input): Body<CreateTag>,
) -> Result<Answer, ApiError> {
    let mut context = context.named("tag.create").by_member(scope.contact);
    let mut errors = FieldErrors::default();
    let word = errors.required("name", &input.name, limits::TAG);
    errors.finish()?;
    let words = vec![(context.id(), word.clone())];
    let done = ensure_tags(&service, &context, &scope, words).await?;
    let view = || async {
        let tags = service.access.read.tags().list(&scope).await?;
        Ok(done.state.of_word(&word).and_then(|tag| tags.into_iter().find(|known| known.uid == tag.0)))
    };
    service.answers.show(&context, done.position, view).await
}

/// Delete a tag
///
/// The tag is removed from every task that has it.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/tags/{tag_uid}", tag = "tasks",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("tag_uid" = String, Path, description = "Uid of the tag")),
    responses((status = 200, body = Success<Nothing>)))]
pub(crate) async fn remove_tag(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<Path>,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("tag.remove").by_member(scope.contact);
    let (status, team, tag) = (scope.status, scope.team, path.tag_uid);
    let done: Transacted<Tags> = service
        .aggregates
        .transact(&context, StreamName::tags(team), |_: &Tags| tag::Command::Remove { status, team, tag })
        .await?;
    service.answers.nothing(&context, done.position).await
}

/// Creates tags for those words that have none.
pub(super) async fn ensure_tags(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    words: Vec<(TagId, String)>,
) -> Result<Transacted<Tags>, ApiError> {
    let (status, team) = (scope.status, scope.team);
    let command = |_: &Tags| tag::Command::Have { status, team, words: words.clone() };
    Ok(service.aggregates.transact(context, StreamName::tags(team), command).await?)
}
