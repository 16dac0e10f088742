//! The contacts of a team: profiles, rights, joining and leaving.

use super::{ContactChange, NewContact, Rejection, Team};
use crate::{
    bot::Bot,
    limits,
    policy::{self, Action},
};
use events::{
    AccountId, ContactId, Personal, SectionId, TeamEvent, TeamId,
    contact::{self, Preferences, Profile},
    icon, team,
    value::{ContactOrigin, ContactStatus, SectionKind},
};
use std::{cmp::Reverse, sync::Arc};

/// Profiles and preferences are shared between clones of the state, because a team may have thousands of contacts.
#[derive(Clone, Debug)]
pub(super) struct Contact {
    pub(super) status: ContactStatus,
    pub(super) archived: bool,
    pub(super) unconfirmed: bool,
    pub(super) inviting: bool,
    pub(super) sections: Vec<SectionId>,
    pub(super) icon: Option<Arc<icon::Changed>>,
    /// This contact cannot use the first `barred` invitations of the team: they were created before it was removed.
    pub(super) barred: usize,
    profile: Arc<Profile>,
    preferences: Option<Arc<Preferences>>,
}

impl Team {
    /// The contact of an account, including one that has left.
    pub fn contact_of(&self, account: AccountId) -> Option<ContactId> {
        self.by_account.get(&account).copied()
    }

    /// Whether a contact is a bot, which nobody may change.
    pub(super) fn is_bot(&self, contact: ContactId) -> bool {
        self.id.is_some_and(|team| Bot::ALL.iter().any(|bot| bot.contact(team) == contact))
    }

    pub(super) fn live_contact(&self, contact: ContactId) -> Option<&Contact> {
        self.contacts.get(&contact).filter(|known| !known.archived)
    }

    /// The acting contact, which must be in the team.
    pub(super) fn acting(&self, actor: ContactId) -> Result<&Contact, Rejection> {
        self.live_contact(actor).ok_or(Rejection::NotAMember)
    }

    fn is_last_owner(&self, contact: &Contact) -> bool {
        let owners = self.contacts.values().filter(|known| !known.archived);
        contact.status == ContactStatus::Owner
            && owners.filter(|known| known.status == ContactStatus::Owner).count() <= 1
    }

    pub(super) fn add_contact(
        &self,
        actor: ContactId,
        new: NewContact,
        sections: Vec<SectionId>,
        more: ContactChange,
    ) -> Result<Vec<TeamEvent>, Rejection> {
        self.require(actor, Action::AddToTeam)?;
        let known = self.contact_of(new.account).and_then(|id| Some((id, self.contacts.get(&id)?)));
        if known.is_some_and(|(_, contact)| !contact.archived) {
            return Ok(vec![]);
        }
        // A contact that may invite but is no admin gives the status of a member at most.
        if new.status > ContactStatus::Member && !policy::rules(self.acting(actor)?.status, new.status) {
            return Err(Rejection::Fields(vec!["status"]));
        }
        let sections = self.known_sections(sections)?;
        let live = self.contacts.values().filter(|contact| !contact.archived).count();
        if live >= limits::CONTACTS {
            return Err(Rejection::TooMany { what: "contacts", max: limits::CONTACTS });
        }
        let contact = known.map_or(new.contact, |(id, _)| id);
        let mut events: Vec<TeamEvent> = match known {
            Some(_) => {
                vec![contact::Restored { contact, status: new.status, need_confirmation: true }.into()]
            }
            None => {
                let added = added(self.known_id()?, new, ContactOrigin::Added);
                let fresh = Contact::new(&added);
                let profile = fresh.changed_profile(more);
                let changed =
                    (profile != *fresh.profile).then(|| contact::ProfileChanged { contact, profile }.into());
                [TeamEvent::from(added)].into_iter().chain(changed).collect()
            }
        };
        if known.map_or(!sections.is_empty(), |(_, known)| known.sections != sections) {
            events.push(contact::SectionsSet { contact, sections }.into());
        }
        Ok(events)
    }

    pub(super) fn change_contact(
        &self,
        actor: ContactId,
        contact: ContactId,
        change: ContactChange,
    ) -> Result<Vec<TeamEvent>, Rejection> {
        let by = self.acting(actor)?;
        if self.is_bot(contact) {
            return Err(Rejection::NotAllowed);
        }
        let known = self.live_contact(contact).ok_or(Rejection::NoContact)?;
        let allowed = policy::changeable_now(by.status, known.status, actor == contact);
        if allowed.is_empty() {
            return Err(Rejection::NotAllowed);
        }
        let refused: Vec<_> = change.fields().into_iter().filter(|field| !allowed.contains(field)).collect();
        if !refused.is_empty() {
            return Err(Rejection::Fields(refused));
        }
        let mut events: Vec<TeamEvent> = vec![];
        if let Some(status) = change.status.filter(|status| *status != known.status) {
            if !policy::rules(by.status, status) {
                return Err(Rejection::Fields(vec!["status"]));
            }
            if self.is_last_owner(known) {
                return Err(Rejection::LastOwner);
            }
            events.push(contact::StatusChanged { contact, status }.into());
        }
        if let Some(sections) = &change.sections {
            let sections = self.known_sections(sections.clone())?;
            if sections != known.sections {
                events.push(contact::SectionsSet { contact, sections }.into());
            }
        }
        if let Some(allowed) = change.add_to_team_rights.filter(|allowed| *allowed != known.inviting) {
            events.push(contact::InvitingAllowed { contact, allowed }.into());
        }
        let preferences = known.preferences.as_deref().cloned().unwrap_or_default();
        let mut wanted = preferences.clone();
        for (name, value) in &change.preferences {
            if !wanted.set(name, value.clone()) {
                return Err(Rejection::Fields(vec![name]));
            }
        }
        if wanted != preferences {
            let preferences = known.profile.given_name.with(wanted);
            events.push(contact::PreferencesChanged { contact, preferences }.into());
        }
        let profile = known.changed_profile(change);
        if profile != *known.profile {
            events.push(contact::ProfileChanged { contact, profile }.into());
        }
        Ok(events)
    }

    pub(super) fn archive_contact(
        &self,
        actor: ContactId,
        contact: ContactId,
    ) -> Result<Vec<TeamEvent>, Rejection> {
        let by = self.acting(actor)?;
        if self.is_bot(contact) {
            return Err(Rejection::NotAllowed);
        }
        let known = self.live_contact(contact).ok_or(Rejection::NoContact)?;
        if !policy::may_remove(by.status, known.status, actor == contact) {
            return Err(Rejection::NotAllowed);
        }
        if self.is_last_owner(known) {
            return Err(Rejection::LastOwner);
        }
        Ok(vec![contact::Archived { contact, by: Some(actor) }.into()])
    }

    /// Removes the contact of an erased account. The last owner is succeeded by the contact of the highest status; if only guests
    /// are left, the team is archived.
    pub(super) fn part_with(&self, account: AccountId) -> Vec<TeamEvent> {
        let Some(contact) = self.contact_of(account) else { return vec![] };
        let mut events = self.without_picture(account);
        let Some(known) = self.live_contact(contact) else { return events };
        let gone: TeamEvent = contact::Archived { contact, by: None }.into();
        if !self.is_last_owner(known) {
            events.push(gone);
            return events;
        }
        let others = self.contacts.iter().filter(|(id, other)| **id != contact && !other.archived);
        let able = others.filter(|(_, other)| other.status > ContactStatus::Guest);
        // Among equal statuses the smallest id wins, so that the decision is reproducible.
        match able.max_by_key(|(id, other)| (other.status, Reverse(**id))) {
            Some((id, _)) => {
                let owner = contact::StatusChanged { contact: *id, status: ContactStatus::Owner };
                events.extend([owner.into(), gone]);
            }
            None => events.extend([gone, team::Archived {}.into()]),
        }
        events
    }

    /// Whether the account is the only owner of a team with other contacts.
    pub fn needs(&self, account: AccountId) -> bool {
        let Some(contact) = self.contact_of(account) else { return false };
        let others = self.contacts.iter().any(|(id, other)| *id != contact && !other.archived);
        others && self.live_contact(contact).is_some_and(|known| self.is_last_owner(known))
    }

    pub(super) fn confirm(&self, actor: ContactId) -> Result<Vec<TeamEvent>, Rejection> {
        match self.acting(actor)?.unconfirmed {
            true => Ok(vec![contact::Confirmed { contact: actor }.into()]),
            false => Ok(vec![]),
        }
    }

    /// Checks that the sections exist, and removes duplicates.
    fn known_sections(&self, sections: Vec<SectionId>) -> Result<Vec<SectionId>, Rejection> {
        let mut known: Vec<SectionId> = vec![];
        for section in sections {
            self.live_section(SectionKind::Contacts, section).map_err(|_| Rejection::UnknownSections)?;
            if !known.contains(&section) {
                known.push(section);
            }
        }
        if known.len() > limits::SECTIONS_PER_CONTACT {
            return Err(Rejection::TooMany { what: "sections", max: limits::SECTIONS_PER_CONTACT });
        }
        Ok(known)
    }

    pub(super) fn evolve_contacts(&mut self, event: &TeamEvent) {
        match event {
            TeamEvent::ContactAdded(added) => {
                self.contacts.insert(added.contact, Contact::new(added));
                self.by_account.insert(added.account, added.contact);
            }
            TeamEvent::ContactStatusChanged(changed) => {
                self.evolve_contact(changed.contact, |contact| contact.status = changed.status);
            }
            TeamEvent::ContactArchived(archived) => {
                let invitations = self.invitations.len();
                self.evolve_contact(archived.contact, |contact| {
                    contact.archived = true;
                    // Events of earlier versions do not say who acted; they count as removals by others.
                    if archived.by != Some(archived.contact) {
                        contact.barred = invitations;
                    }
                });
            }
            TeamEvent::ContactRestored(restored) => self.evolve_contact(restored.contact, |contact| {
                contact.archived = false;
                contact.status = restored.status;
                contact.unconfirmed = restored.need_confirmation;
                contact.inviting = false;
            }),
            TeamEvent::ContactProfileChanged(changed) => {
                let profile = Arc::new(changed.profile.clone());
                self.evolve_contact(changed.contact, |contact| contact.profile = profile);
            }
            TeamEvent::ContactPreferencesChanged(changed) => {
                let preferences = Arc::new(changed.preferences.or_default());
                self.evolve_contact(changed.contact, |contact| contact.preferences = Some(preferences));
            }
            TeamEvent::ContactSectionsSet(set) => {
                self.evolve_contact(set.contact, |contact| contact.sections = set.sections.clone());
            }
            TeamEvent::ContactInvitingAllowed(allowed) => {
                self.evolve_contact(allowed.contact, |contact| contact.inviting = allowed.allowed);
            }
            TeamEvent::ContactConfirmed(confirmed) => {
                self.evolve_contact(confirmed.contact, |contact| contact.unconfirmed = false);
            }
            TeamEvent::ContactIconChanged(changed) => {
                let icon = Arc::new(changed.icon.clone());
                self.evolve_contact(changed.contact, |contact| contact.icon = Some(icon));
            }
            TeamEvent::ContactIconRemoved(removed) => {
                self.evolve_contact(removed.contact, |contact| contact.icon = None);
            }
            _ => {}
        }
    }

    fn evolve_contact(&mut self, id: ContactId, change: impl FnOnce(&mut Contact)) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let invited = contact.may_invite();
        change(contact);
        if invited && !contact.may_invite() {
            self.void_invitations_of(id);
        }
    }
}

impl Contact {
    fn new(added: &contact::Added) -> Self {
        let own = |value| added.phone.with(value);
        let profile = Profile {
            given_name: added.given_name.clone(),
            patronymic: own(String::new()),
            family_name: added.family_name.clone(),
            role: added.role.clone(),
            mood: own(String::new()),
            contact_email: own(String::new()),
            contact_phone: added.phone.clone(),
        };
        Self {
            status: added.status,
            archived: false,
            unconfirmed: added.need_confirmation,
            inviting: false,
            sections: vec![],
            icon: None,
            barred: 0,
            profile: Arc::new(profile),
            preferences: None,
        }
    }

    fn changed_profile(&self, change: ContactChange) -> Profile {
        let known = (*self.profile).clone();
        let changed = |known: Personal<String>, new: Option<String>| match new {
            Some(new) => known.with(new),
            None => known,
        };
        Profile {
            given_name: changed(known.given_name, change.given_name),
            patronymic: changed(known.patronymic, change.patronymic),
            family_name: changed(known.family_name, change.family_name),
            role: changed(known.role, change.role),
            mood: changed(known.mood, change.mood),
            contact_email: changed(known.contact_email, change.contact_email),
            contact_phone: changed(known.contact_phone, change.contact_phone),
        }
    }
}

/// The event of a new contact.
pub(super) fn added(team: TeamId, new: NewContact, origin: ContactOrigin) -> contact::Added {
    let own = |value| Personal::in_team(team, new.account, value);
    contact::Added {
        contact: new.contact,
        account: new.account,
        origin,
        phone: own(new.phone),
        given_name: own(new.given_name),
        family_name: own(new.family_name),
        role: own(new.role),
        status: new.status,
        need_confirmation: origin != ContactOrigin::Founder,
    }
}
