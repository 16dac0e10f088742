//! `/api/v4/teams/{team_uid}/contacts`: people are added, changed, removed.

mod change;

use super::team::{person, refused};
use crate::{
    Commands,
    accounts::refused as account_refused,
    context::{Command, Context, NoInput},
    idempotency::Answer,
    input::Checks,
    transact::{InitialState, Transacted},
};
use access::{TeamScope, not_found};
use axum::extract::State;
use change::{change_of, sections_of};
use domain::{
    Aggregate,
    account::{self, Account},
    team::{self, Team},
};
use events::{AccountId, ContactId, GroupId, Position, StreamName, value::ContactStatus};
use platform::{
    http::{ApiError, Body, Params},
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

/// What the path of one contact names.
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

/// Adds somebody by phone. Who is in the team already is answered as they are; a former member comes back.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/contacts", tag = "contacts", params(("team_uid" = String, Path)),
    request_body = CreateContact, responses((status = 200, body = Success<Contact>)))]
pub(super) async fn create(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<Body<CreateContact>>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("contact.add");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    // Before anything is looked up by phone: who may add nobody learns nothing.
    if !scope.may_invite {
        return Err(ApiError::new(ErrorCode::AccessDenied).because(Text::RoleForbids));
    }
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
    } = command.input.0;
    let mut checks = Checks::default();
    // Forms name all fields: what is empty is not said.
    let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let more = ChangeContact {
        patronymic: said(patronymic),
        contact_email: said(contact_email),
        contact_phone: said(contact_phone),
        mood: said(mood),
        ..ChangeContact::default()
    };
    let more = change_of(&mut checks, more);
    let named = AddContact { phone, given_name, family_name, role, status };
    let person = person(&mut checks, "", &named, ContactStatus::ALL);
    let sections = sections_of(&mut checks, "sections", sections.as_deref().unwrap_or_default());
    checks.done()?;
    let person = crate::input::checked(person)?;
    commands.access.limits.check(Limit::InvitesPerAccount, &Key::Account(scope.caller.account.0))?;
    let (contact, account): (ContactId, AccountId) = (context.id(), context.id());
    let (new, known) =
        commands.contact(&context.without_idempotency_key(), scope.team, person, contact, account).await?;
    let actor = scope.contact;
    let done = commands
        .on_team(&context, &scope, || team::Command::AddContact {
            actor,
            contact: new.clone(),
            sections: sections.clone(),
            more: Box::new(more.clone()),
        })
        .await?;
    let contact = done.state.contact_of(new.account).ok_or_else(not_found)?;
    commands.show_contact(&context, &scope, contact, done.position.max(known)).await
}

/// Changes only what is sent; each field by whom the contact's `changeable_fields` say.
#[utoipa::path(put, path = "/api/v4/teams/{team_uid}/contacts/{contact_jid}", tag = "contacts",
    params(("team_uid" = String, Path), ("contact_jid" = Jid, Path)), request_body = ChangeContact,
    responses((status = 200, body = Success<Contact>)))]
pub(super) async fn change(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<Body<ChangeContact>>,
) -> Result<Answer, ApiError> {
    commands.change_contact(&scope, path.contact()?, command).await
}

/// The same by POST.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/contacts/{contact_jid}", tag = "contacts",
    params(("team_uid" = String, Path), ("contact_jid" = Jid, Path)), request_body = ChangeContact,
    responses((status = 200, body = Success<Contact>)))]
pub(super) async fn change_by_post(
    State(commands): State<Commands>,
    scope: TeamScope,
    Params(path): Params<Path>,
    command: Command<Body<ChangeContact>>,
) -> Result<Answer, ApiError> {
    commands.change_contact(&scope, path.contact()?, command).await
}

/// Removes somebody from the team, who is archived; of oneself: leaves it.
#[utoipa::path(delete, path = "/api/v4/teams/{team_uid}/contacts/{contact_jid}", tag = "contacts",
    params(("team_uid" = String, Path), ("contact_jid" = Jid, Path)),
    responses((status = 200, body = Success<Nothing>)))]
pub(super) async fn archive(
    State(commands): State<Commands>,
    caller: access::Caller,
    scope: Result<TeamScope, ApiError>,
    Params(path): Params<Path>,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("contact.archive");
    // Who has left the team does not reach it, and yet is owed the same answer under the same key.
    if let Some(answer) = commands.removed_before(&context).await? {
        return Ok(answer);
    }
    let scope = scope?;
    context.set_actor(caller.account);
    context.as_contact(scope.contact);
    let (actor, contact) = (scope.contact, path.contact()?);
    let command = team::Command::ArchiveContact { actor, contact };
    let team: Team = commands.current(&StreamName::team(scope.team)).await?;
    team.decide(command.clone()).map_err(refused)?;
    // First out of the groups: should this be cut off here, they are still in the team, and can be removed again.
    commands.leave_groups(&context, &scope, contact).await?;
    let done = commands.on_team(&context, &scope, || command.clone()).await?;
    commands.answer_nothing(&context, done.position).await
}

/// Says that one wants to be in a team that one was added or invited to.
#[utoipa::path(post, path = "/api/v4/teams/{team_uid}/confirm", tag = "contacts", params(("team_uid" = String, Path)),
    responses((status = 200, body = Success<TeamView>)))]
pub(super) async fn confirm(
    State(commands): State<Commands>,
    scope: TeamScope,
    command: Command<NoInput>,
) -> Result<Answer, ApiError> {
    let mut context = command.context.named("contact.confirm");
    if let Some(answer) = commands.repeated(&context).await? {
        return Ok(answer);
    }
    context.as_contact(scope.contact);
    let actor = scope.contact;
    let done = commands.on_team(&context, &scope, || team::Command::Confirm { actor }).await?;
    let (account, team) = (scope.caller.account, scope.team);
    commands
        .show(&context, done.position, || commands.access.read.teams().find(account, team, ApiVersion::V4))
        .await
}

impl Commands {
    async fn change_contact(
        &self,
        scope: &TeamScope,
        contact: ContactId,
        command: Command<Body<ChangeContact>>,
    ) -> Result<Answer, ApiError> {
        let mut context = command.context.named("contact.change");
        if let Some(answer) = self.repeated(&context).await? {
            return Ok(answer);
        }
        context.as_contact(scope.contact);
        let mut checks = Checks::default();
        let change = change_of(&mut checks, command.input.0);
        checks.done()?;
        let actor = scope.contact;
        let done = self
            .on_team(&context, scope, || team::Command::ChangeContact {
                actor,
                contact,
                change: Box::new(change.clone()),
            })
            .await?;
        let mut position = done.position;
        if contact == actor {
            let name =
                account::Command::TakeName { given_name: change.given_name, family_name: change.family_name };
            position = position.max(self.take_name(&context.without_idempotency_key(), scope, name).await?);
        }
        self.show_contact(&context, scope, contact, position).await
    }

    /// How somebody calls themselves in one team is their name from then on: later teams are told so. A crash before this
    /// leaves the name where it was said; the next change makes up for it.
    async fn take_name(
        &self,
        context: &Context,
        scope: &TeamScope,
        name: account::Command,
    ) -> Result<Position, ApiError> {
        if let account::Command::TakeName { given_name: None, family_name: None } = name {
            return Ok(0);
        }
        let stream = StreamName::account(scope.caller.account);
        let done: Transacted<Account> = self
            .transact(context, stream, InitialState::Cached, |_: &Account| name.clone())
            .await
            .map_err(|stop| stop.or(account_refused))?;
        Ok(done.position)
    }

    /// The answer that shows a contact to the one who changed it, with the rights that they have then.
    async fn show_contact(
        &self,
        context: &Context,
        scope: &TeamScope,
        contact: ContactId,
        position: Position,
    ) -> Result<Answer, ApiError> {
        let read = &self.access.read;
        let view = || async {
            let own = read.memberships().find(scope.caller.account, scope.team).await?;
            read.contacts().find(&own.unwrap_or(**scope), contact).await
        };
        self.show(context, position, view).await
    }

    /// Takes somebody out of all groups of the team: should they come back, they come as anybody new.
    async fn leave_groups(
        &self,
        context: &Context,
        scope: &TeamScope,
        contact: ContactId,
    ) -> Result<(), ApiError> {
        let groups: Vec<GroupId> = self.access.read.groups().joined_by(contact).await?;
        for group in groups {
            self.leave_group(&context.without_idempotency_key(), scope, group, contact).await?;
        }
        Ok(())
    }
}
