//! `/api/v4/teams/{team_uid}/contact-sections`: the folders that contacts are sorted into (`protocol.md` 4.24).

use crate::{
    Commands,
    context::{Command, NoInput},
    input::Checks,
    repeat::Answer,
};
use access::TeamScope;
use axum::extract::State;
use domain::{
    limits,
    team::{self, SectionChange},
};
use events::SectionId;
use platform::http::{ApiError, Body, Params};
use protocol::{
    envelope::{Nothing, Success},
    lang::Text,
    section::{ChangeSection, CreateSection, Section},
};
use serde::Deserialize;

/// What the path of one section names.
#[derive(Debug, Deserialize)]
pub(super) struct Path {
    section_uid: SectionId,
}

/// Makes a section.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/contact-sections", tag = "contacts",
    params(("team_uid" = String, Path)), request_body = CreateSection,
    responses((status = 200, body = Success<Section>)))]
pub(super) async fn create(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<Body<CreateSection>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("section.create");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let CreateSection { name, description, sort_ordering } = command.input.0;
    let mut checks = Checks::default();
    let name = checks.required("name", &name, limits::SECTION_NAME);
    let description = description_of(&mut checks, description).unwrap_or_default();
    place(&mut checks, sort_ordering);
    checks.done()?;
    let (actor, section): (_, SectionId) = (scope.contact, context.id());
    let done = commands
        .on_team(&context, &scope, || team::Command::CreateSection {
            actor,
            section,
            name: name.clone(),
            description: description.clone(),
            sort_ordering,
        })
        .await?;
    commands.show(&context, done.position, || commands.access.read.section(scope.team, section)).await
}

/// Changes only what is sent; sections stand in the order of `sort_ordering`.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}/contact-sections/{section_uid}", tag = "contacts",
    params(("team_uid" = String, Path), ("section_uid" = String, Path)), request_body = ChangeSection,
    responses((status = 200, body = Success<Section>)))]
pub(super) async fn change(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<Body<ChangeSection>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("section.change");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let ChangeSection { name, description, sort_ordering } = command.input.0;
    let mut checks = Checks::default();
    let change = SectionChange {
        name: name.map(|name| checks.required("name", &name, limits::SECTION_NAME)),
        description: description_of(&mut checks, description),
        sort_ordering,
    };
    place(&mut checks, sort_ordering);
    checks.done()?;
    let (actor, section) = (scope.contact, path.section_uid);
    let done = commands
        .on_team(&context, &scope, || team::Command::ChangeSection { actor, section, change: change.clone() })
        .await?;
    commands.show(&context, done.position, || commands.access.read.section(scope.team, section)).await
}

/// Removes a section; the contacts in it stay in the team.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/contact-sections/{section_uid}", tag = "contacts",
    params(("team_uid" = String, Path), ("section_uid" = String, Path)),
    responses((status = 200, body = Success<Nothing>)))]
pub(super) async fn remove(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("section.remove");
    if let Some(answer) = commands.removed_before(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let (actor, section) = (scope.contact, path.section_uid);
    let done = commands.on_team(&context, &scope, || team::Command::RemoveSection { actor, section }).await?;
    commands.answer_nothing(&context, done.position).await
}

fn description_of(checks: &mut Checks, text: Option<String>) -> Option<String> {
    text.map(|text| checks.text("description", &text, limits::DESCRIPTION))
}

fn place(checks: &mut Checks, sort_ordering: Option<u32>) {
    if sort_ordering.is_some_and(|place| place > limits::SORT_ORDERING) {
        checks.refuse("sort_ordering", Text::OutOfRange { min: 0, max: limits::SORT_ORDERING.into() });
    }
}
