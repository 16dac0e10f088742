//! `POST /api/v3/teams`, `PUT` and `DELETE /api/v3/teams/{team_uid}`, and the same under v4

use crate::{
    Commands,
    accounts::Named,
    context::{Command, Context, NoInput},
    input::Checks,
    repeat::Answer,
    transact::{Done, Start},
};
use access::{Caller, TeamScope, refusal::not_found, refuse};
use axum::extract::State;
use domain::{
    limits,
    phone_number::PhoneNumber,
    team::{self, NewContact, Team, TeamChange},
};
use event_log::append::MAX_APPEND_EVENTS;
use events::{AccountId, ContactId, Position, SectionId, StreamName, TeamId, value::ContactStatus};
use futures::{StreamExt, TryStreamExt, stream};
use platform::{
    http::{ApiError, Body},
    limits::{Key, Limit},
};
use protocol::{
    contact::Edition,
    envelope::Success,
    error::{ErrorCode, Failure},
    lang::Text,
    team::{AddContact, ChangeTeam, CreateTeam, Team as TeamView},
};

/// The title of a new team's first section.
const FIRST_SECTION: &str = "Общая";
/// Statuses that a new team's people may be given.
const GIVEN: [ContactStatus; 3] = [ContactStatus::Guest, ContactStatus::Member, ContactStatus::Admin];
/// Facts of a new team beside its contacts: itself, its first section, its founder.
const FOUNDING: usize = 3;
const _: () = assert!(limits::CONTACTS_PER_CALL + FOUNDING <= MAX_APPEND_EVENTS, "one append");
/// Accounts looked up or made at once for one team.
const AT_ONCE: usize = 16;
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
    commands.create_team(&caller, command, Edition::V3).await
}

/// Creates a team. The answer has no `contacts`: they are listed by a call of their own.
#[utoipa::path(post, path = "/api/v4/teams", tag = "teams", request_body = CreateTeam,
    responses((status = 200, body = Success<TeamView>)))]
pub(super) async fn create_v4(
    State(commands): State<Commands>,
    caller: Caller,
    command: Command<Body<CreateTeam>>,
) -> Result<Answer, ApiError> {
    commands.create_team(&caller, command, Edition::V4).await
}

/// Changes only what is sent.
#[utoipa::path(put, path = "/api/v3/teams/{team_uid}", tag = "teams", request_body = ChangeTeam,
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<TeamView>)))]
pub(super) async fn change(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<Body<ChangeTeam>>,
) -> Result<Answer, ApiError> {
    commands.change_team(&scope, command, Edition::V3).await
}

/// Changes only what is sent.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}", tag = "teams", request_body = ChangeTeam,
    params(("team_uid" = String, Path)), responses((status = 200, body = Success<TeamView>)))]
pub(super) async fn change_v4(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<Body<ChangeTeam>>,
) -> Result<Answer, ApiError> {
    commands.change_team(&scope, command, Edition::V4).await
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
    commands.archive_team(&caller, scope, command, Edition::V3).await
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
    commands.archive_team(&caller, scope, command, Edition::V4).await
}

impl Commands {
    async fn create_team(
        &self,
        caller: &Caller,
        command: Command<Body<CreateTeam>>,
        edition: Edition,
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
        if read.team_count(caller.account).await.map_err(refuse)? >= limits::TEAMS {
            return Err(ApiError::field("name", Text::TooMany { max: limits::TEAMS }));
        }
        let team: TeamId = context.id();
        let founder = as_contact(self, &mut context, caller, ContactStatus::Owner).await?;
        let (contacts, known) = self.contacts(&mut context, team, people).await?;
        let section: (SectionId, String) = (context.id(), FIRST_SECTION.to_owned());
        let done: Done<Team> = self
            .transact(&context, StreamName::team(team), Start::New, |_: &Team| team::Command::Create {
                team,
                name: name.clone(),
                founder: founder.clone(),
                contacts: contacts.clone(),
                section: section.clone(),
            })
            .await
            .map_err(|stop| stop.or(refused))?;
        let position = done.position.max(known);
        match edition {
            Edition::V3 => {
                self.show(&context, position, || read.team_with_contacts(caller.account, team)).await
            }
            Edition::V4 => own_view(self, &context, (caller.account, team), position, edition).await,
        }
    }

    async fn change_team(
        &self,
        scope: &TeamScope,
        command: Command<Body<ChangeTeam>>,
        edition: Edition,
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
        own_view(self, &context, (scope.caller.account, scope.team), done.position, edition).await
    }

    async fn archive_team(
        &self,
        caller: &Caller,
        scope: Result<TeamScope, ApiError>,
        command: Command<NoInput>,
        edition: Edition,
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
                return own_view(self, &context, (caller.account, team), receipt.position, edition).await;
            }
            (Err(refused), None) => return Err(refused),
        };
        context.as_contact(scope.contact);
        let actor = scope.contact;
        let done = self.on_team(&context, &scope, || team::Command::Archive { actor }).await?;
        own_view(self, &context, (caller.account, scope.team), done.position, edition).await
    }
}

async fn own_view(
    commands: &Commands,
    context: &Context,
    (account, team): (AccountId, TeamId),
    position: Position,
    edition: Edition,
) -> Result<Answer, ApiError> {
    commands.show(context, position, || commands.access.read.team(account, team, edition)).await
}

impl Commands {
    /// Carries out a command on the team of a scope.
    pub(super) async fn on_team(
        &self,
        context: &Context,
        scope: &TeamScope,
        mut command: impl FnMut() -> team::Command,
    ) -> Result<Done<Team>, ApiError> {
        let done =
            self.transact(context, StreamName::team(scope.team), Start::Known, |_: &Team| command()).await;
        done.map_err(|stop| stop.or(refused))
    }

    /// The accounts behind phones as contacts to be, and from where on the read model knows them.
    async fn contacts(
        &self,
        context: &mut Context,
        team: TeamId,
        people: Vec<Person>,
    ) -> Result<(Vec<NewContact>, Position), ApiError> {
        // Ids first, in order: a repetition under the same key must make the same ones.
        let people: Vec<_> = people.into_iter().map(|person| (person, context.id(), context.id())).collect();
        let on_the_way = context.on_the_way();
        let found: Vec<_> = stream::iter(people)
            .map(|(person, contact, fresh)| self.contact(&on_the_way, team, person, contact, fresh))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let known = found.iter().map(|(_, position)| *position).max().unwrap_or(0);
        Ok((found.into_iter().map(|(contact, _)| contact).collect(), known))
    }

    /// The account behind a phone as a contact to be, and from where on the read model knows it.
    pub(super) async fn contact(
        &self,
        context: &Context,
        team: TeamId,
        person: Person,
        contact: ContactId,
        fresh: AccountId,
    ) -> Result<(NewContact, Position), ApiError> {
        let Person { phone, given_name, family_name, role, status } = person;
        let named = Named {
            phone: phone.clone(),
            given_name: given_name.clone(),
            family_name: family_name.clone(),
            team: Some(team),
            fresh,
        };
        let (account, position) = self.account_of(context, named).await?;
        let profile = match account == fresh || !(given_name.is_empty() && family_name.is_empty()) {
            true => None,
            false => self.access.read.profile(account).await.map_err(refuse)?,
        };
        let (given_name, family_name) =
            profile.map_or((given_name, family_name), |known| (known.given_name, known.family_name));
        let phone = phone.as_str().to_owned();
        Ok((NewContact { contact, account, phone, given_name, family_name, role, status }, position))
    }
}

/// The caller as a contact to be, under the names of the account.
pub(super) async fn as_contact(
    commands: &Commands,
    context: &mut Context,
    caller: &Caller,
    status: ContactStatus,
) -> Result<NewContact, ApiError> {
    let profile =
        commands.access.read.profile(caller.account).await.map_err(refuse)?.ok_or_else(not_found)?;
    Ok(NewContact {
        contact: context.id(),
        account: caller.account,
        phone: profile.phone,
        given_name: profile.given_name,
        family_name: profile.family_name,
        role: String::new(),
        status,
    })
}

/// Somebody to be added.
pub(super) struct Person {
    phone: PhoneNumber,
    given_name: String,
    family_name: String,
    role: String,
    status: ContactStatus,
}

fn people(checks: &mut Checks, contacts: &[AddContact]) -> Vec<Person> {
    if contacts.len() > limits::CONTACTS_PER_CALL {
        checks.refuse("contacts", Text::TooMany { max: limits::CONTACTS_PER_CALL });
        return vec![];
    }
    let person = |(index, contact): (usize, &AddContact)| {
        person(checks, &format!("contacts.{index}."), contact, &GIVEN)
    };
    contacts.iter().enumerate().filter_map(person).collect()
}

/// Somebody to be added; `within` stands before the names of the fields.
pub(super) fn person(
    checks: &mut Checks,
    within: &str,
    contact: &AddContact,
    statuses: &[ContactStatus],
) -> Option<Person> {
    let field = |name: &str| format!("{within}{name}");
    let phone = checks.phone(&field("phone"), &contact.phone);
    let mut line = |name: &str, text: &Option<String>, max| {
        text.as_deref().map_or_else(String::new, |text| checks.line(&field(name), text, max))
    };
    let given_name = line("given_name", &contact.given_name, limits::NAME_PART);
    let family_name = line("family_name", &contact.family_name, limits::NAME_PART);
    let role = line("role", &contact.role, limits::ROLE);
    let status = match contact.status.as_deref() {
        None | Some("") => Some(ContactStatus::Member),
        Some(word) => checks.word(&field("status"), word, statuses, ContactStatus::word),
    };
    Some(Person { phone: phone?, given_name, family_name, role, status: status? })
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
