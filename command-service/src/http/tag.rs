//! `POST /api/v4/teams/{team_uid}/tags`, `DELETE …/{tag_uid}`

use crate::{
    Commands,
    context::{Command, Context, NoInput},
    idempotency::Answer,
    input::Checks,
    transact::{InitialState, Transacted},
};
use access::{TeamScope, not_found};
use axum::extract::State;
use domain::{
    limits,
    tag::{self, Tags},
};
use events::{StreamName, TagId};
use platform::http::{ApiError, Body, Params};
use protocol::{
    envelope::{Nothing, Success},
    error::ErrorCode,
    lang::Text,
    tag::{CreateTag, Tag},
};
use serde::Deserialize;

/// What the path of a tag names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    tag_uid: TagId,
}

/// Makes a tag; one of that word that is there already is the answer too.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/tags", tag = "tasks", params(("team_uid" = String, Path)),
    request_body = CreateTag, responses((status = 200, body = Success<Tag>)))]
pub(super) async fn create(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<Body<CreateTag>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("tag.create");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let mut checks = Checks::default();
    let word = checks.required("name", &command.input.0.name, limits::TAG);
    checks.done()?;
    let words = vec![(context.id(), word.clone())];
    let done = commands.on_tags(&context, &scope, words).await?;
    let view = || async {
        let tags = commands.access.read.tags().list(&scope).await?;
        Ok(done.state.of_word(&word).and_then(|tag| tags.into_iter().find(|known| known.uid == tag.0)))
    };
    commands.show(&context, done.position, view).await
}

/// Deletes a tag, also from all tasks that have it.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/tags/{tag_uid}", tag = "tasks",
    params(("team_uid" = String, Path), ("tag_uid" = String, Path)),
    responses((status = 200, body = Success<Nothing>)))]
pub(super) async fn remove(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("tag.remove");
    if let Some(answer) = commands.removed_before(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let (status, team, tag) = (scope.status, scope.team, path.tag_uid);
    let done: Transacted<Tags> =
        commands
            .transact(&context, StreamName::tags(team), InitialState::Cached, |_: &Tags| {
                tag::Command::Remove { status, team, tag }
            })
            .await
            .map_err(|stop| stop.or(refused))?;
    commands.answer_nothing(&context, done.position).await
}

impl Commands {
    /// Makes those of the words tags that are none yet.
    pub(super) async fn on_tags(
        &self,
        context: &Context,
        scope: &TeamScope,
        words: Vec<(TagId, String)>,
    ) -> Result<Transacted<Tags>, ApiError> {
        let (status, team) = (scope.status, scope.team);
        self.transact(context, StreamName::tags(team), InitialState::Cached, |_: &Tags| tag::Command::Have {
            status,
            team,
            words: words.clone(),
        })
        .await
        .map_err(|stop| stop.or(refused))
    }
}

fn refused(rejection: tag::Rejection) -> ApiError {
    match rejection {
        tag::Rejection::NotAllowed => ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids),
        tag::Rejection::NoTag => not_found(),
        tag::Rejection::TooMany => ApiError::field("tags", Text::TooMany { max: limits::TAGS }),
    }
}
