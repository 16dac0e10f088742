//! Rules of a team: its contacts, sections, invitations, integrations and picture (`docs/acceptance.md`, items 45 to 93).
//!
//! Every command names its actor, whose rights are read from this state and not from the read model.

mod command;
mod contacts;
mod integrations;
mod invitations;
mod pictures;
mod rejection;
mod sections;

pub use command::{Command, ContactChange, IntegrationChange, NewContact, SectionChange, TeamChange};
pub use rejection::Rejection;

use crate::{
    Aggregate, limits,
    policy::{self, Action},
};
use contacts::{Contact, added};
use events::{
    AccountId, ContactId, IntegrationId, InvitationId, Personal, ReceiptId, SectionId, TeamEvent, TeamId,
    icon, integration, invitation, section, team,
    value::{ContactOrigin, ContactStatus, SectionKind},
};
use integrations::Integration;
use invitations::Invitation;
use sections::Section;
use std::collections::BTreeMap;

/// The state of a team.
#[derive(Clone, Debug, Default)]
pub struct Team {
    stage: Stage,
    id: Option<TeamId>,
    name: Option<Personal<String>>,
    settings: Option<team::Settings>,
    contacts: BTreeMap<ContactId, Contact>,
    by_account: BTreeMap<AccountId, ContactId>,
    sections: BTreeMap<SectionId, Section>,
    invitations: BTreeMap<InvitationId, Invitation>,
    integrations: BTreeMap<IntegrationId, Integration>,
    icon: Option<icon::Changed>,
    erased: Option<ReceiptId>,
    purged: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Absent,
    Live,
    Archived,
}

impl Team {
    fn own<T>(&self, value: T) -> Result<Personal<T>, Rejection> {
        Ok(Personal::of_team(self.known_id()?, value))
    }

    fn known_id(&self) -> Result<TeamId, Rejection> {
        self.id.ok_or(Rejection::NoTeam)
    }

    /// The receipt of the erasure, if the team is erased.
    pub fn erased(&self) -> Option<ReceiptId> {
        self.erased
    }

    /// Archives the team, unless it is archived, and begins the erasure.
    fn erase(&self, erased: team::Erased) -> Vec<TeamEvent> {
        if self.erased.is_some() {
            return vec![];
        }
        let archived = (self.stage == Stage::Live).then(|| team::Archived {}.into());
        archived.into_iter().chain([erased.into()]).collect()
    }

    fn purge(&self, purged: team::Purged) -> Vec<TeamEvent> {
        let due = self.erased == Some(purged.receipt) && !self.purged;
        if due { vec![purged.into()] } else { vec![] }
    }

    fn require(&self, actor: ContactId, action: Action) -> Result<(), Rejection> {
        match self.contacts.get(&actor) {
            Some(contact) if contact.archived => Err(Rejection::NotAMember),
            Some(contact) if policy::may(contact.status, action) => Ok(()),
            Some(contact) if action == Action::AddToTeam && contact.inviting => Ok(()),
            Some(_) => Err(Rejection::NotAllowed),
            None => Err(Rejection::NotAMember),
        }
    }

    fn create(
        team: TeamId,
        name: String,
        founder: NewContact,
        contacts: Vec<NewContact>,
        section: (SectionId, String),
    ) -> Result<Vec<TeamEvent>, Rejection> {
        if contacts.len() > limits::CONTACTS_PER_CALL {
            return Err(Rejection::TooMany { what: "contacts", max: limits::CONTACTS_PER_CALL });
        }
        let created = team::Created {
            team,
            name: Personal::of_team(team, name),
            owner: founder.contact,
            settings: team::Settings {
                default_task_deadline: limits::TASK_DEADLINE.into(),
                max_message_update_age: limits::MESSAGE_UPDATE_AGE,
                uploads_size_limit: limits::UPLOADS_SIZE,
            },
        };
        let first_section = section::Created {
            section: section.0,
            name: Personal::of_team(team, section.1),
            sort_ordering: 0,
            description: None,
            kind: SectionKind::Contacts,
        };
        let mut seen = vec![founder.account];
        let mut events = vec![created.into(), first_section.into()];
        events.push(
            added(team, NewContact { status: ContactStatus::Owner, ..founder }, ContactOrigin::Founder)
                .into(),
        );
        for contact in contacts {
            if !seen.contains(&contact.account) {
                seen.push(contact.account);
                events.push(added(team, contact, ContactOrigin::Added).into());
            }
        }
        Ok(events)
    }

    fn change(&self, actor: ContactId, change: TeamChange) -> Result<Vec<TeamEvent>, Rejection> {
        self.require(actor, Action::ManageTeam)?;
        let (Some(name), Some(settings)) = (&self.name, &self.settings) else {
            return Err(Rejection::NoTeam);
        };
        let changed = team::Changed {
            name: change.name.map_or_else(|| Ok(name.clone()), |new| self.own(new))?,
            settings: team::Settings {
                default_task_deadline: change
                    .default_task_deadline
                    .unwrap_or_else(|| settings.default_task_deadline.clone()),
                max_message_update_age: change
                    .max_message_update_age
                    .unwrap_or(settings.max_message_update_age),
                uploads_size_limit: settings.uploads_size_limit,
            },
        };
        let same = changed.name == *name && changed.settings == *settings;
        Ok(if same { vec![] } else { vec![changed.into()] })
    }
}

impl Aggregate for Team {
    type Command = Command;
    type Event = TeamEvent;
    type Rejection = Rejection;

    fn initial() -> Self {
        Self::default()
    }

    fn decide(&self, command: Command) -> Result<Vec<TeamEvent>, Rejection> {
        match (self.stage, command) {
            (Stage::Absent, Command::Create { team, name, founder, contacts, section }) => {
                Self::create(team, name, founder, contacts, section)
            }
            (_, Command::Create { .. }) => Ok(vec![]),
            (Stage::Absent, Command::Erase(_)) => Err(Rejection::NoTeam),
            (_, Command::Erase(erased)) => Ok(self.erase(erased)),
            (_, Command::Purge(purged)) => Ok(self.purge(purged)),
            (Stage::Absent, Command::PartWith { .. }) => Ok(vec![]),
            (Stage::Archived, Command::PartWith { account }) => Ok(self.without_picture(account)),
            (Stage::Live, Command::PartWith { account }) => Ok(self.part_with(account)),
            (Stage::Archived, Command::Archive { actor }) => {
                self.require(actor, Action::DeleteTeam).map(|()| vec![])
            }
            (Stage::Absent | Stage::Archived, _) => Err(Rejection::NoTeam),
            (Stage::Live, Command::Change { actor, change }) => self.change(actor, change),
            (Stage::Live, Command::Archive { actor }) => {
                self.require(actor, Action::DeleteTeam).map(|()| vec![team::Archived {}.into()])
            }
            (Stage::Live, Command::Join { invitation, joiner, made, now }) => {
                self.join(invitation, joiner, made, now)
            }
            (Stage::Live, Command::AddContact { actor, contact, sections, more }) => {
                self.add_contact(actor, contact, sections, *more)
            }
            (Stage::Live, Command::ChangeContact { actor, contact, change }) => {
                self.change_contact(actor, contact, *change)
            }
            (Stage::Live, Command::ArchiveContact { actor, contact }) => self.archive_contact(actor, contact),
            (Stage::Live, Command::Confirm { actor }) => self.confirm(actor),
            (
                Stage::Live,
                Command::CreateSection { actor, kind, section, name, description, sort_ordering },
            ) => {
                self.require(actor, Action::ManageSections)?;
                self.create_section((kind, section), name, description, sort_ordering)
            }
            (Stage::Live, Command::ChangeSection { actor, kind, section, change }) => {
                self.require(actor, Action::ManageSections)?;
                self.change_section((kind, section), change)
            }
            (Stage::Live, Command::RemoveSection { actor, kind, section }) => {
                self.require(actor, Action::ManageSections)?;
                self.live_section(kind, section)?;
                Ok(vec![section::Removed { section }.into()])
            }
            (
                Stage::Live,
                Command::Invite { actor, invitation, token_sealed, token_hash, expires, max_uses, now },
            ) => {
                self.require(actor, Action::AddToTeam)?;
                let (by, expires) = (Some(actor), Some(expires));
                let created =
                    invitation::Created { invitation, token_sealed, token_hash, by, expires, max_uses };
                self.invite(created, now)
            }
            (Stage::Live, Command::RevokeInvitation { actor, invitation }) => {
                self.require(actor, Action::AddToTeam)?;
                self.revoke(invitation)
            }
            (
                Stage::Live,
                Command::CreateIntegration {
                    actor,
                    integration,
                    kind,
                    key_sealed,
                    key_hash,
                    comment,
                    enabled,
                    group,
                    webhook_url,
                    inside,
                },
            ) => {
                self.require(actor, Action::ManageIntegrations)?;
                let (comment, webhook_url) = (self.own(comment)?, self.own(webhook_url)?);
                let settings = integration::Settings { comment, enabled, group, webhook_url };
                let created = integration::Created { integration, kind, key_sealed, key_hash, settings };
                self.create_integration(created, &inside)
            }
            (Stage::Live, Command::ChangeIntegration { actor, integration, change, inside }) => {
                self.require(actor, Action::ManageIntegrations)?;
                self.change_integration(integration, change, &inside)
            }
            (Stage::Live, Command::RemoveIntegration { actor, integration }) => {
                self.require(actor, Action::ManageIntegrations)?;
                self.remove_integration(integration)
            }
            (Stage::Live, Command::SetIcon { actor, icon }) => {
                self.require(actor, Action::ManageTeam)?;
                self.set_icon(icon)
            }
            (Stage::Live, Command::RemoveIcon { actor }) => {
                self.require(actor, Action::ManageTeam)?;
                Ok(self.icon.iter().map(|_| icon::Removed {}.into()).collect())
            }
            (Stage::Live, Command::SetContactIcon { actor, contact, icon }) => {
                self.set_contact_icon(actor, contact, icon)
            }
            (Stage::Live, Command::RemoveContactIcon { actor, contact }) => {
                self.remove_contact_icon(actor, contact)
            }
        }
    }

    fn evolve(&mut self, event: &TeamEvent) {
        match event {
            TeamEvent::Created(created) => {
                self.stage = Stage::Live;
                self.id = Some(created.team);
                self.name = Some(created.name.clone());
                self.settings = Some(created.settings.clone());
            }
            TeamEvent::Changed(changed) => {
                self.name = Some(changed.name.clone());
                self.settings = Some(changed.settings.clone());
            }
            TeamEvent::Archived(_) => self.stage = Stage::Archived,
            TeamEvent::Erased(erased) => self.erased = Some(erased.receipt),
            TeamEvent::Purged(_) => self.purged = true,
            TeamEvent::ContactAdded(_)
            | TeamEvent::ContactStatusChanged(_)
            | TeamEvent::ContactArchived(_)
            | TeamEvent::ContactRestored(_)
            | TeamEvent::ContactProfileChanged(_)
            | TeamEvent::ContactPreferencesChanged(_)
            | TeamEvent::ContactSectionsSet(_)
            | TeamEvent::ContactInvitingAllowed(_)
            | TeamEvent::ContactConfirmed(_)
            | TeamEvent::ContactIconChanged(_)
            | TeamEvent::ContactIconRemoved(_) => self.evolve_contacts(event),
            TeamEvent::SectionCreated(_) | TeamEvent::SectionChanged(_) | TeamEvent::SectionRemoved(_) => {
                self.evolve_sections(event);
            }
            TeamEvent::InvitationCreated(_)
            | TeamEvent::InvitationUsed(_)
            | TeamEvent::InvitationRevoked(_) => self.evolve_invitations(event),
            TeamEvent::IntegrationCreated(_)
            | TeamEvent::IntegrationChanged(_)
            | TeamEvent::IntegrationRemoved(_) => self.evolve_integrations(event),
            TeamEvent::IconChanged(changed) => self.icon = Some(changed.clone()),
            TeamEvent::IconRemoved(_) => self.icon = None,
        }
    }
}

#[cfg(test)]
mod tests;
