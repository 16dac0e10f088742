//! `POST /api/v3/teams`, `PUT` and `DELETE /api/v3/teams/{team_uid}`, and the same under v4

mod people;

pub(super) use people::{as_contact, person};

use crate::{
    Commands,
    context::{Command, Context, NoInput},
    idempotency::Answer,
    input::Checks,
    transact::{InitialState, Transacted},
};
use access::{Caller, TeamScope, not_found};
use axum::extract::State;
use domain::{
    limits,
    team::{self, Team, TeamChange},
};
use event_log::append::MAX_APPEND_EVENTS;
use events::{AccountId, Position, SectionId, StreamName, TeamId, value::ContactStatus};
use people::people;
use platform::{
    http::{ApiError, Body},
    limits::{Key, Limit},
};
use protocol::{
    ApiVersion,
    envelope::Success,
    error::{ErrorCode, Failure},
    lang::Text,
    team::{ChangeTeam, CreateTeam, Team as TeamView},
};

/// The title of a new team's first section.
const FIRST_SECTION: &str = "Общая";
/// Facts of a new team beside its contacts: itself, its first section, its founder.
const FOUNDING: usize = 3;
const _: () = assert!(limits::CONTACTS_PER_CALL + FOUNDING <= MAX_APPEND_EVENTS, "one append");
/// Longest age until which messages may be edited, seconds: ten years.
const LONGEST_UPDATE_AGE: u32 = 315_360_000;

/// Creates a team. The answer has `contacts`: everybody in it.
#[utoipa::path(post, path = "/api/v3/teams", tag = "teams", request_body = CreateTeam,
    responses((status = 200, body = Success<TeamView>)))]
pub(super) async fn create(
    State(commands): State<Commands>,
    caller: Caller,
    command: Command<Body<CreateTeam>>,
) -> Result<Answer, ApiError> {
    commands.create_team(&caller, command, ApiVersion::V3).await
}

/// Creates a team. The answer has no `contacts`: they are listed by a call of their own.
#[utoipa::path(post, path = "/api/v4/teams", tag = "teams", request_body = CreateTeam,
    responses((status = 200, body = Success<TeamView>)))]
pub(super) async fn create_v4(
    State(commands): State<Commands>,
    caller: Caller,
    command: Command<Body<CreateTeam>>,
) -> Result<Answer, ApiError> {
    commands.create_team(&caller, command, ApiVersion::V4).await
}

/// Changes only what is sent.
#[utoipa::path(put, path = "/api/v3/teams/{team_uid}", tag = "teams", request_body = ChangeTeam,
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<TeamView>)))]
pub(super) async fn change(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<Body<ChangeTeam>>,
) -> Result<Answer, ApiError> {
    commands.change_team(&scope, command, ApiVersion::V3).await
}

/// Changes only what is sent.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}", tag = "teams", request_body = ChangeTeam,
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<TeamView>)))]
pub(super) async fn change_v4(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<Body<ChangeTeam>>,
) -> Result<Answer, ApiError> {
    commands.change_team(&scope, command, ApiVersion::V4).await
}

/// Deletes the team, which is archived; the answer shows it for the last time.
#[utoipa::path(delete, path = "/api/v3/teams/{team_uid}", tag = "teams", params(("team_uid" = String, Path)),
    responses((status = 200, body = Success<TeamView>)))]
pub(super) async fn archive(
    State(commands): State<Commands>,
    caller: Caller,
    scope: Result<TeamScope, ApiError>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    commands.archive_team(&caller, scope, command, ApiVersion::V3).await
}

/// Deletes the team, which is archived; the answer shows it for the last time.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}", tag = "teams", params(("team_uid" = String, Path)),
    responses((status = 200, body = Success<TeamView>)))]
pub(super) async fn archive_v4(
    State(commands): State<Commands>,
    caller: Caller,
    scope: Result<TeamScope, ApiError>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    commands.archive_team(&caller, scope, command, ApiVersion::V4).await
}

impl Commands {
    async fn create_team(
        &self,
        caller: &Caller,
        command: Command<Body<CreateTeam>>,
        version: ApiVersion,
    ) -> Result<Answer, ApiError> {
        let mut context = command.context.named("team.create");
        if let Some(answer) = self.repeated(&context).await? {
            return Ok(answer);
        }
        let Body(input) = command.input;
        let mut checks = Checks::default();
        let name = checks.required("name", &input.name, limits::TEAM_NAME);
        let people = people(&mut checks, &input.contacts);
        checks.done()?;
        let account = Key::Account(caller.account.0);
        self.access.limits.check(Limit::TeamsPerAccount, &account)?;
        for _ in &people {
            self.access.limits.check(Limit::InvitesPerAccount, &account)?;
        }
        let read = &self.access.read;
        if read.teams().count(caller.account).await? >= limits::TEAMS {
            return Err(ApiError::field("name", Text::TooMany { max: limits::TEAMS }));
        }
        let team: TeamId = context.id();
        let founder = as_contact(self, &mut context, caller, ContactStatus::Owner).await?;
        let (contacts, known) = self.contacts(&mut context, team, people).await?;
        let section: (SectionId, String) = (context.id(), FIRST_SECTION.to_owned());
        let done: Transacted<Team> = self
            .transact(&context, StreamName::team(team), InitialState::Empty, |_: &Team| {
                team::Command::Create {
                    team,
                    name: name.clone(),
                    founder: founder.clone(),
                    contacts: contacts.clone(),
                    section: section.clone(),
                }
            })
            .await
            .map_err(|stop| stop.or(refused))?;
        let position = done.position.max(known);
        match version {
            ApiVersion::V3 => {
                self.show(&context, position, || read.teams().find_with_people(caller.account, team)).await
            }
            ApiVersion::V4 => own_view(self, &context, (caller.account, team), position, version).await,
        }
    }

    async fn change_team(
        &self,
        scope: &TeamScope,
        command: Command<Body<ChangeTeam>>,
        version: ApiVersion,
    ) -> Result<Answer, ApiError> {
        let mut context = command.context.named("team.change");
        if let Some(answer) = self.repeated(&context).await? {
            return Ok(answer);
        }
        context.as_contact(scope.contact);
        let Body(input) = command.input;
        let mut checks = Checks::default();
        let change = TeamChange {
            name: input.name.map(|name| checks.required("name", &name, limits::TEAM_NAME)),
            default_task_deadline: input.default_task_deadline,
            max_message_update_age: input.max_message_update_age,
        };
        if change.default_task_deadline.as_deref().is_some_and(|time| !is_time_of_day(time)) {
            checks.refuse("default_task_deadline", Text::NotATime);
        }
        if change.max_message_update_age.is_some_and(|age| age > LONGEST_UPDATE_AGE) {
            let text = Text::OutOfRange { min: 0, max: LONGEST_UPDATE_AGE.into() };
            checks.refuse("max_message_update_age", text);
        }
        checks.done()?;
        let actor = scope.contact;
        let done =
            self.on_team(&context, scope, || team::Command::Change { actor, change: change.clone() }).await?;
        own_view(self, &context, (scope.caller.account, scope.team), done.position, version).await
    }

    async fn archive_team(
        &self,
        caller: &Caller,
        scope: Result<TeamScope, ApiError>,
        command: Command<NoInput>,
        version: ApiVersion,
    ) -> Result<Answer, ApiError> {
        let mut context = command.context.named("team.archive");
        // Nobody reaches a team that is archived, and yet who asks again under the same key is owed the same answer.
        if let Some(answer) = self.repeated(&context).await? {
            return Ok(answer);
        }
        let scope = match (scope, self.receipt(&context).await?) {
            (Ok(scope), _) => scope,
            (Err(_), Some(receipt)) => {
                let team = receipt.stream.id().parse().map_err(ApiError::internal)?;
                return own_view(self, &context, (caller.account, team), receipt.position, version).await;
            }
            (Err(refused), None) => return Err(refused),
        };
        context.as_contact(scope.contact);
        let actor = scope.contact;
        let done = self.on_team(&context, &scope, || team::Command::Archive { actor }).await?;
        own_view(self, &context, (caller.account, scope.team), done.position, version).await
    }
}

async fn own_view(
    commands: &Commands,
    context: &Context,
    (account, team): (AccountId, TeamId),
    position: Position,
    version: ApiVersion,
) -> Result<Answer, ApiError> {
    commands.show(context, position, || commands.access.read.teams().find(account, team, version)).await
}

impl Commands {
    /// Carries out a command on the team of a scope.
    pub(super) async fn on_team(
        &self,
        context: &Context,
        scope: &TeamScope,
        mut command: impl FnMut() -> team::Command,
    ) -> Result<Transacted<Team>, ApiError> {
        let done = self
            .transact(context, StreamName::team(scope.team), InitialState::Cached, |_: &Team| command())
            .await;
        done.map_err(|stop| stop.or(refused))
    }
}

/// `HH:MM:SS`, without leap seconds.
fn is_time_of_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    matches!(parts[..], [hours, minutes, seconds]
        if is_below(hours, 24) && is_below(minutes, 60) && is_below(seconds, 60))
}

/// `HH:MM`
pub(super) fn is_hour(text: &str) -> bool {
    text.split_once(':').is_some_and(|(hours, minutes)| is_below(hours, 24) && is_below(minutes, 60))
}

/// Two digits that make a number below that.
fn is_below(part: &str, below: u8) -> bool {
    part.len() == 2
        && part.bytes().all(|byte| byte.is_ascii_digit())
        && part.parse::<u8>().is_ok_and(|n| n < below)
}

/// What a team's rejection means to clients.
pub(crate) fn refused(rejection: team::Rejection) -> ApiError {
    match rejection {
        team::Rejection::NoTeam
        | team::Rejection::NotAMember
        | team::Rejection::NoInvitation
        | team::Rejection::NoIntegration
        | team::Rejection::NoContact
        | team::Rejection::NoSection => not_found(),
        team::Rejection::UnknownSections => ApiError::field("sections", Text::DoesNotExist),
        team::Rejection::Fields(fields) => {
            let refused = Failure::new(ErrorCode::InvalidData);
            fields.into_iter().fold(refused, |refused, field| refused.and(field, Text::RoleForbids)).into()
        }
        team::Rejection::LastOwner => ApiError::new(ErrorCode::AccessDenied).because(Text::LastOwner),
        team::Rejection::NotAllowed => ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids),
        team::Rejection::NotInGroup => ApiError::new(ErrorCode::AccessDenied).because(Text::NotInGroup),
        team::Rejection::TooMany { what, max } => ApiError::field(what, Text::TooMany { max }),
        team::Rejection::QuotaExceeded => ApiError::field(
            "file",
            Text::TooLarge { max: usize::try_from(limits::UPLOADS_SIZE).unwrap_or(usize::MAX) },
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::is_time_of_day;

    #[test]
    fn times_of_day_have_two_digits_each() {
        assert!(is_time_of_day("18:00:00"));
        for text in ["18:00", "8:00:00", "24:00:00", "18:00:60", "", "18:00:00 "] {
            assert!(!is_time_of_day(text), "{text}");
        }
    }
}
