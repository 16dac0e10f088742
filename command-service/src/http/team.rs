//! `/api/v3/teams` and `/api/v4/teams`: creates, changes and deletes teams.

pub(super) mod people;

use crate::{
    aggregates::Transacted,
    answers::Answer,
    context::Context,
    input::{Fields, is_time_of_day},
    service::CommandService,
};
use access::{Caller, TeamScope};
use axum::extract::State;
use domain::{
    limits,
    team::{self, Team, TeamChange},
};
use event_log::append::MAX_APPEND_EVENTS;
use events::{AccountId, Position, SectionId, StreamName, TeamId, value::ContactStatus};
use people::{caller_as_contact, read_people};
use platform::{
    http::{ApiError, Body, FieldErrors},
    limits::{Key, Limit},
};
use protocol::{
    ApiVersion,
    envelope::Success,
    lang::Text,
    team::{ChangeTeam, CreateTeam, Team as TeamView},
};

/// The title of a new team's first section.
const FIRST_SECTION: &str = "Общая";
/// Events of a new team besides its contacts: the team, its first section, its founder.
const FOUNDING: usize = 3;
const _: () = assert!(limits::CONTACTS_PER_CALL + FOUNDING <= MAX_APPEND_EVENTS, "one append");
/// Longest time for which messages may be edited: ten years, in seconds.
const LONGEST_UPDATE_AGE: u32 = 315_360_000;

/// Create a team, with its contacts in the answer
///
/// The caller becomes the owner; `contacts` are added by phone number.
#[utoipa::path(post, path = "/api/v3/teams", tag = "teams", request_body = CreateTeam,
    responses((status = 200, body = Success<TeamView>)))]
pub(crate) async fn create_team(
    State(service): State<CommandService>,
    caller: Caller,
    context: Context,
    Body(input): Body<CreateTeam>,
) -> Result<Answer, ApiError> {
    create(&service, &caller, context, input, ApiVersion::V3).await
}

/// Create a team, without contacts in the answer
///
/// The caller becomes the owner; `contacts` are added by phone number and listed by a call of their own.
#[utoipa::path(post, path = "/api/v4/teams", tag = "teams", request_body = CreateTeam,
    responses((status = 200, body = Success<TeamView>)))]
pub(crate) async fn create_team_v4(
    State(service): State<CommandService>,
    caller: Caller,
    context: Context,
    Body(input): Body<CreateTeam>,
) -> Result<Answer, ApiError> {
    create(&service, &caller, context, input, ApiVersion::V4).await
}

/// Change a team (v3)
///
/// Changes the fields that are sent.
#[utoipa::path(put, path = "/api/v3/teams/{team_uid}", tag = "teams", request_body = ChangeTeam,
    params(("team_uid" = String, Path, description = "Uid of the team")), responses((status = 200, body = Success<TeamView>)))]
pub(crate) async fn change_team(
    State(service): State<CommandService>,
    scope: TeamScope,
    context: Context,
    Body(input): Body<ChangeTeam>,
) -> Result<Answer, ApiError> {
    change(&service, &scope, context, input, ApiVersion::V3).await
}

/// Change a team (v4)
///
/// Changes the fields that are sent.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}", tag = "teams", request_body = ChangeTeam,
    params(("team_uid" = String, Path, description = "Uid of the team")), responses((status = 200, body = Success<TeamView>)))]
pub(crate) async fn change_team_v4(
    State(service): State<CommandService>,
    scope: TeamScope,
    context: Context,
    Body(input): Body<ChangeTeam>,
) -> Result<Answer, ApiError> {
    change(&service, &scope, context, input, ApiVersion::V4).await
}

/// Delete a team (v3)
///
/// Archives the team; the answer shows it for the last time.
#[utoipa::path(delete, path = "/api/v3/teams/{team_uid}", tag = "teams", params(("team_uid" = String, Path, description = "Uid of the team")),
    responses((status = 200, body = Success<TeamView>)))]
pub(crate) async fn archive_team(
    State(service): State<CommandService>,
    caller: Caller,
    scope: Result<TeamScope, ApiError>,
    context: Context,
) -> Result<Answer, ApiError> {
    archive(&service, &caller, scope, context, ApiVersion::V3).await
}

/// Delete a team (v4)
///
/// Archives the team; the answer shows it for the last time.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}", tag = "teams", params(("team_uid" = String, Path, description = "Uid of the team")),
    responses((status = 200, body = Success<TeamView>)))]
pub(crate) async fn archive_team_v4(
    State(service): State<CommandService>,
    caller: Caller,
    scope: Result<TeamScope, ApiError>,
    context: Context,
) -> Result<Answer, ApiError> {
    archive(&service, &caller, scope, context, ApiVersion::V4).await
}

async fn create(
    service: &CommandService,
    caller: &Caller,
    context: Context,
    input: CreateTeam,
    version: ApiVersion,
) -> Result<Answer, ApiError> {
    let mut context = context.named("team.create");
    let mut errors = FieldErrors::default();
    let name = errors.required("name", &input.name, limits::TEAM_NAME);
    let people = read_people(&mut errors, &input.contacts);
    errors.finish()?;
    let account = Key::Account(caller.account.0);
    service.access.limits.check(Limit::TeamsPerAccount, &account)?;
    for _ in &people {
        service.access.limits.check(Limit::InvitesPerAccount, &account)?;
    }
    let read = &service.access.read;
    if read.teams().count(caller.account).await? >= limits::TEAMS {
        return Err(ApiError::field("name", Text::TooMany { max: limits::TEAMS }));
    }
    let team: TeamId = context.id();
    let founder = caller_as_contact(service, &mut context, caller, ContactStatus::Owner).await?;
    let (contacts, known) = people::new_contacts(service, &mut context, team, people).await?;
    let section: (SectionId, String) = (context.id(), FIRST_SECTION.to_owned());
    let command = |_: &Team| team::Command::Create {
        team,
        name: name.clone(),
        founder: founder.clone(),
        contacts: contacts.clone(),
        section: section.clone(),
    };
    let done = service.aggregates.create(&context, StreamName::team(team), command).await?;
    let position = done.position.max(known);
    match version {
        ApiVersion::V3 => {
            service
                .answers
                .show(&context, position, || read.teams().find_with_people(caller.account, team))
                .await
        }
        ApiVersion::V4 => show(service, &context, (caller.account, team), position, version).await,
    }
}

async fn change(
    service: &CommandService,
    scope: &TeamScope,
    context: Context,
    input: ChangeTeam,
    version: ApiVersion,
) -> Result<Answer, ApiError> {
    let context = context.named("team.change").by_member(scope.contact);
    let mut errors = FieldErrors::default();
    let change = TeamChange {
        name: input.name.map(|name| errors.required("name", &name, limits::TEAM_NAME)),
        default_task_deadline: input.default_task_deadline,
        max_message_update_age: input.max_message_update_age,
    };
    if change.default_task_deadline.as_deref().is_some_and(|time| !is_time_of_day(time)) {
        errors.add("default_task_deadline", Text::NotATime);
    }
    if change.max_message_update_age.is_some_and(|age| age > LONGEST_UPDATE_AGE) {
        let text = Text::OutOfRange { min: 0, max: LONGEST_UPDATE_AGE.into() };
        errors.add("max_message_update_age", text);
    }
    errors.finish()?;
    let actor = scope.contact;
    let done = transact(service, &context, scope, || team::Command::Change { actor, change: change.clone() })
        .await?;
    show(service, &context, (scope.caller.account, scope.team), done.position, version).await
}

async fn archive(
    service: &CommandService,
    caller: &Caller,
    scope: Result<TeamScope, ApiError>,
    context: Context,
    version: ApiVersion,
) -> Result<Answer, ApiError> {
    let context = context.named("team.archive");
    // Nobody reaches an archived team, but a repetition under the same key gets the same answer.
    let scope = match (scope, service.aggregates.receipt(&context).await?) {
        (Ok(scope), _) => scope,
        (Err(_), Some(receipt)) => {
            let team = receipt.stream.id().parse().map_err(ApiError::internal)?;
            return show(service, &context, (caller.account, team), receipt.position, version).await;
        }
        (Err(refused), None) => return Err(refused),
    };
    let context = context.by_member(scope.contact);
    let actor = scope.contact;
    let done = transact(service, &context, &scope, || team::Command::Archive { actor }).await?;
    show(service, &context, (caller.account, scope.team), done.position, version).await
}

async fn show(
    service: &CommandService,
    context: &Context,
    (account, team): (AccountId, TeamId),
    position: Position,
    version: ApiVersion,
) -> Result<Answer, ApiError> {
    service.answers.show(context, position, || service.access.read.teams().find(account, team, version)).await
}

/// Carries out a command on the team of the scope.
pub(super) async fn transact(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    mut command: impl FnMut() -> team::Command,
) -> Result<Transacted<Team>, ApiError> {
    Ok(service.aggregates.transact(context, StreamName::team(scope.team), |_: &Team| command()).await?)
}
