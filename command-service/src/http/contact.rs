//! `/api/v4/teams/{team_uid}/contacts`: adds, changes and removes contacts.

mod change;

use crate::{
    answers::Answer,
    context::Context,
    http::{
        group,
        team::{
            self,
            people::{self, Person},
        },
    },
    input::checked,
    rejections::Rejection,
    service::CommandService,
};
use access::{Caller, TeamScope, not_found};
use axum::extract::State;
use change::{read_change, read_sections};
use domain::{
    Aggregate,
    account::{self, Account},
    team::{ContactChange, Team},
};
use events::{AccountId, ContactId, GroupId, Position, SectionId, StreamName, value::ContactStatus};
use platform::{
    http::{ApiError, Body, FieldErrors, Params},
    limits::{Key, Limit},
};
use protocol::{
    ApiVersion, Jid,
    contact::{ChangeContact, Contact, CreateContact},
    envelope::{Nothing, Success},
    error::ErrorCode,
    lang::Text,
    team::{AddContact, Team as TeamView},
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Path {
    contact_jid: Jid,
}

impl Path {
    pub(super) fn contact(&self) -> Result<ContactId, ApiError> {
        match self.contact_jid {
            Jid::Direct(contact) => Ok(contact),
            Jid::Group(_) | Jid::Task(_) => Err(not_found()),
        }
    }
}

/// Add a contact to a team by phone number
///
/// A phone number that is in the team already is answered with its contact; a former member comes back.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/contacts", tag = "contacts", params(("team_uid" = String, Path, description = "Uid of the team")),
    request_body = CreateContact, responses((status = 200, body = Success<Contact>)))]
pub(crate) async fn create_contact(
    State(service): State<CommandService>,
    scope: TeamScope,
    context: Context,
    Body(input): Body<CreateContact>,
) -> Result<Answer, ApiError> {
    let mut context = context.named("contact.add").by_member(scope.contact);
    // Before anything is looked up by phone number: callers who may not add anybody learn nothing.
    if !scope.may_invite {
        return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids));
    }
    let NewContactInput { person, more, sections } = read_new_contact(input)?;
    service.access.limits.check(Limit::InvitesPerAccount, &Key::Account(scope.caller.account.0))?;
    let (contact, account): (ContactId, AccountId) = (context.id(), context.id());
    let auxiliary = context.without_idempotency_key();
    let (new, known) =
        people::new_contact(&service, &auxiliary, scope.team, person, contact, account).await?;
    let actor = scope.contact;
    let done = team::transact(&service, &context, &scope, || domain::team::Command::AddContact {
        actor,
        contact: new.clone(),
        sections: sections.clone(),
        more: Box::new(more.clone()),
    })
    .await?;
    let contact = done.state.contact_of(new.account).ok_or_else(not_found)?;
    show_contact(&service, &context, &scope, contact, done.position.max(known)).await
}

/// Change a contact
///
/// Changes the fields that are sent. The contact's `changeable_fields` lists the fields that the caller may send.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}/contacts/{contact_jid}", tag = "contacts",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("contact_jid" = Jid, Path, description = "Address of the contact")), request_body = ChangeContact,
    responses((status = 200, body = Success<Contact>)))]
pub(crate) async fn change_contact(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<Path>,
    context: Context,
    Body(input): Body<ChangeContact>,
) -> Result<Answer, ApiError> {
    change(&service, &scope, path.contact()?, context, input).await
}

/// Change a contact by POST
///
/// Changes the fields that are sent, as PUT does. The contact's `changeable_fields` lists the fields that the caller may send.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/contacts/{contact_jid}", tag = "contacts",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("contact_jid" = Jid, Path, description = "Address of the contact")), request_body = ChangeContact,
    responses((status = 200, body = Success<Contact>)))]
pub(crate) async fn change_contact_by_post(
    State(service): State<CommandService>,
    scope: TeamScope,
    Params(path): Params<Path>,
    context: Context,
    Body(input): Body<ChangeContact>,
) -> Result<Answer, ApiError> {
    change(&service, &scope, path.contact()?, context, input).await
}

/// Remove a contact from a team
///
/// Archives the contact. A member who removes themselves leaves the team.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/contacts/{contact_jid}", tag = "contacts",
    params(("team_uid" = String, Path, description = "Uid of the team"), ("contact_jid" = Jid, Path, description = "Address of the contact")),
    responses((status = 200, body = Success<Nothing>)))]
pub(crate) async fn archive_contact(
    State(service): State<CommandService>,
    _: Caller,
    scope: Result<TeamScope, ApiError>,
    Params(path): Params<Path>,
    context: Context,
) -> Result<Answer, ApiError> {
    // A former member has no access to the team, but a repetition under the same key gets the same answer.
    let scope = scope?;
    let context = context.named("contact.archive").by_member(scope.contact);
    let (actor, contact) = (scope.contact, path.contact()?);
    let command = domain::team::Command::ArchiveContact { actor, contact };
    let team: Team = service.aggregates.current(&StreamName::team(scope.team)).await?;
    team.decide(command.clone()).map_err(Rejection::answer)?;
    // The groups first: after a crash in between the contact is still in the team and can be removed again.
    leave_groups(&service, &context, &scope, contact).await?;
    let done = team::transact(&service, &context, &scope, || command.clone()).await?;
    service.answers.nothing(&context, done.position).await
}

/// Confirm the membership of a team
///
/// For a caller who was added or invited to the team.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/confirm", tag = "contacts", params(("team_uid" = String, Path, description = "Uid of the team")),
    responses((status = 200, body = Success<TeamView>)))]
pub(crate) async fn confirm_membership(
    State(service): State<CommandService>,
    scope: TeamScope,
    context: Context,
) -> Result<Answer, ApiError> {
    let context = context.named("contact.confirm").by_member(scope.contact);
    let actor = scope.contact;
    let done =
        team::transact(&service, &context, &scope, || domain::team::Command::Confirm { actor }).await?;
    let (account, team) = (scope.caller.account, scope.team);
    service
        .answers
        .show(&context, done.position, || service.access.read.teams().find(account, team, ApiVersion::V4))
        .await
}

/// The fields of a new contact.
struct NewContactInput {
    person: Person,
    more: ContactChange,
    sections: Vec<SectionId>,
}

fn read_new_contact(input: CreateContact) -> Result<NewContactInput, ApiError> {
    let CreateContact {
        phone,
        given_name,
        family_name,
        patronymic,
        contact_email,
        contact_phone,
        mood,
        role,
        status,
        sections,
    } = input;
    let mut errors = FieldErrors::default();
    // Forms send all fields: an empty one is not set.
    let set = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let more = ChangeContact {
        patronymic: set(patronymic),
        contact_email: set(contact_email),
        contact_phone: set(contact_phone),
        mood: set(mood),
        ..ChangeContact::default()
    };
    let more = read_change(&mut errors, more);
    let named = AddContact { phone, given_name, family_name, role, status };
    let person = people::read_person(&mut errors, "", &named, ContactStatus::ALL);
    let sections = read_sections(&mut errors, "sections", sections.as_deref().unwrap_or_default());
    errors.finish()?;
    Ok(NewContactInput { person: checked(person)?, more, sections })
}

async fn change(
    service: &CommandService,
    scope: &TeamScope,
    contact: ContactId,
    context: Context,
    input: ChangeContact,
) -> Result<Answer, ApiError> {
    let context = context.named("contact.change").by_member(scope.contact);
    let mut errors = FieldErrors::default();
    let change = read_change(&mut errors, input);
    errors.finish()?;
    let actor = scope.contact;
    let done = team::transact(service, &context, scope, || domain::team::Command::ChangeContact {
        actor,
        contact,
        change: Box::new(change.clone()),
    })
    .await?;
    let mut position = done.position;
    if contact == actor {
        let name =
            account::Command::TakeName { given_name: change.given_name, family_name: change.family_name };
        let auxiliary = context.without_idempotency_key();
        position = position.max(take_name(service, &auxiliary, scope, name).await?);
    }
    show_contact(service, &context, scope, contact, position).await
}

/// Makes the caller's name in one team the account's name, which later teams start with. After a crash before this the next
/// change repeats it.
async fn take_name(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    name: account::Command,
) -> Result<Position, ApiError> {
    if let account::Command::TakeName { given_name: None, family_name: None } = name {
        return Ok(0);
    }
    let stream = StreamName::account(scope.caller.account);
    Ok(service.aggregates.transact(context, stream, |_: &Account| name.clone()).await?.position)
}

/// Answers with a contact as the caller sees it after the change, with the rights they have then.
async fn show_contact(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    contact: ContactId,
    position: Position,
) -> Result<Answer, ApiError> {
    let read = &service.access.read;
    let view = || async {
        let own = read.memberships().find(scope.caller.account, scope.team).await?;
        read.contacts().find(&own.unwrap_or(**scope), contact).await
    };
    service.answers.show(context, position, view).await
}

/// Removes a contact from all groups of the team: one that comes back starts without groups.
async fn leave_groups(
    service: &CommandService,
    context: &Context,
    scope: &TeamScope,
    contact: ContactId,
) -> Result<(), ApiError> {
    let groups: Vec<GroupId> = service.access.read.groups().joined_by(contact).await?;
    for id in groups {
        group::leave_group(service, &context.without_idempotency_key(), scope, id, contact).await?;
    }
    Ok(())
}
