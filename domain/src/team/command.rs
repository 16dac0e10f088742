//! The commands of a team.

use chrono::{DateTime, Utc};
use events::{
    AccountId, ContactId, GroupId, IntegrationId, InvitationId, SectionId, TeamId,
    contact::Preference,
    icon, team,
    value::{ContactStatus, IntegrationKind, SectionKind},
};
use std::collections::BTreeMap;

/// Somebody to be a contact.
#[derive(Clone, Debug, PartialEq)]
pub struct NewContact {
    /// Address to be.
    pub contact: ContactId,
    /// Whose.
    pub account: AccountId,
    /// `+` and digits.
    pub phone: String,
    /// First name.
    pub given_name: String,
    /// Last name.
    pub family_name: String,
    /// Job title.
    pub role: String,
    /// Rights.
    pub status: ContactStatus,
}

/// What may change on a contact.
#[derive(Clone, Debug, Default)]
pub struct ContactChange {
    /// Another first name.
    pub given_name: Option<String>,
    /// Another name after the father.
    pub patronymic: Option<String>,
    /// Another last name.
    pub family_name: Option<String>,
    /// Another job title.
    pub role: Option<String>,
    /// Another word on how they are.
    pub mood: Option<String>,
    /// Another e-mail that the team sees.
    pub contact_email: Option<String>,
    /// Another phone that the team sees.
    pub contact_phone: Option<String>,
    /// Other rights.
    pub status: Option<ContactStatus>,
    /// Other sections, all of them.
    pub sections: Option<Vec<SectionId>>,
    /// Whether they may invite, whatever their status.
    pub add_to_team_rights: Option<bool>,
    /// Preferences by name.
    pub preferences: BTreeMap<&'static str, Preference>,
}

impl ContactChange {
    /// The names of the fields that change.
    pub fn fields(&self) -> Vec<&'static str> {
        let named = [
            ("given_name", self.given_name.is_some()),
            ("patronymic", self.patronymic.is_some()),
            ("family_name", self.family_name.is_some()),
            ("role", self.role.is_some()),
            ("mood", self.mood.is_some()),
            ("contact_email", self.contact_email.is_some()),
            ("contact_phone", self.contact_phone.is_some()),
            ("status", self.status.is_some()),
            ("sections", self.sections.is_some()),
            ("add_to_team_rights", self.add_to_team_rights.is_some()),
        ];
        let named = named.into_iter().filter_map(|(name, changes)| changes.then_some(name));
        named.chain(self.preferences.keys().copied()).collect()
    }
}

/// What may change on a section.
#[derive(Clone, Debug, Default)]
pub struct SectionChange {
    /// Another title.
    pub name: Option<String>,
    /// Another description.
    pub description: Option<String>,
    /// Another place among the others.
    pub sort_ordering: Option<u32>,
}

/// What may change on an integration.
#[derive(Clone, Debug, Default)]
pub struct IntegrationChange {
    /// New comment.
    pub comment: Option<String>,
    /// On or off.
    pub enabled: Option<bool>,
    /// Another group.
    pub group: Option<GroupId>,
    /// Another address for new messages.
    pub webhook_url: Option<String>,
}

impl IntegrationChange {
    /// Whether it does nothing but switch the integration off.
    pub(super) fn only_stops(&self) -> bool {
        let Self { comment, enabled, group, webhook_url } = self;
        *enabled == Some(false) && comment.is_none() && group.is_none() && webhook_url.is_none()
    }
}

/// What may change on a team.
#[derive(Clone, Debug, Default)]
pub struct TeamChange {
    /// New title.
    pub name: Option<String>,
    /// New time of day that tasks are due.
    pub default_task_deadline: Option<String>,
    /// New age until which messages may be edited, seconds.
    pub max_message_update_age: Option<u32>,
}

/// What may be asked.
#[derive(Clone, Debug)]
pub enum Command {
    /// The team shall exist, with its founder and people.
    Create {
        /// Its id.
        team: TeamId,
        /// Its title.
        name: String,
        /// The founder; the status is made owner.
        founder: NewContact,
        /// The first people, in the order they were named.
        contacts: Vec<NewContact>,
        /// The first section of contacts, with its title.
        section: (SectionId, String),
    },
    /// Title or settings shall change.
    Change {
        /// Who acts.
        actor: ContactId,
        /// What changes.
        change: TeamChange,
    },
    /// The team shall be gone.
    Archive {
        /// Who acts.
        actor: ContactId,
    },
    /// The team shall be forgotten.
    Erase(team::Erased),
    /// It is forgotten.
    Purge(team::Purged),
    /// The person behind an account was erased: their place in the team shall end.
    PartWith {
        /// Whose.
        account: AccountId,
    },
    /// Somebody with an invitation comes in.
    Join {
        /// With which invitation.
        invitation: InvitationId,
        /// Who.
        joiner: NewContact,
        /// When the invitation was made: those of earlier versions do not say until when they are open.
        made: DateTime<Utc>,
        /// When.
        now: DateTime<Utc>,
    },
    /// Somebody shall be in the team; nothing changes for who is already.
    AddContact {
        /// Who acts.
        actor: ContactId,
        /// Who.
        contact: NewContact,
        /// In which sections.
        sections: Vec<SectionId>,
        /// What else they shall show of themselves, if they are new; only what belongs to a profile counts.
        more: Box<ContactChange>,
    },
    /// A contact shall change.
    ChangeContact {
        /// Who acts.
        actor: ContactId,
        /// Who.
        contact: ContactId,
        /// What changes.
        change: Box<ContactChange>,
    },
    /// A contact shall be in the team no longer; of oneself: leave.
    ArchiveContact {
        /// Who acts.
        actor: ContactId,
        /// Who.
        contact: ContactId,
    },
    /// Somebody wants to be here.
    Confirm {
        /// Who.
        actor: ContactId,
    },
    /// There shall be a section.
    CreateSection {
        /// Who acts.
        actor: ContactId,
        /// What it sorts.
        kind: SectionKind,
        /// The section.
        section: SectionId,
        /// Its title.
        name: String,
        /// What it is for.
        description: String,
        /// Its place; behind all others if not said.
        sort_ordering: Option<u32>,
    },
    /// A section shall change.
    ChangeSection {
        /// Who acts.
        actor: ContactId,
        /// What it sorts.
        kind: SectionKind,
        /// Which one.
        section: SectionId,
        /// What changes.
        change: SectionChange,
    },
    /// A section shall be gone.
    RemoveSection {
        /// Who acts.
        actor: ContactId,
        /// What it sorts.
        kind: SectionKind,
        /// Which one.
        section: SectionId,
    },
    /// There shall be an invitation.
    Invite {
        /// Who acts.
        actor: ContactId,
        /// The invitation.
        invitation: InvitationId,
        /// Its token, sealed.
        token_sealed: String,
        /// Keyed hash of the token, hex.
        token_hash: String,
        /// After this it opens nothing.
        expires: DateTime<Utc>,
        /// How often it lets somebody in; none: any number of times.
        max_uses: Option<u32>,
        /// When.
        now: DateTime<Utc>,
    },
    /// An invitation shall open nothing any more.
    RevokeInvitation {
        /// Who acts.
        actor: ContactId,
        /// Which one.
        invitation: InvitationId,
    },
    /// There shall be an integration.
    CreateIntegration {
        /// Who acts.
        actor: ContactId,
        /// The integration.
        integration: IntegrationId,
        /// Its kind.
        kind: IntegrationKind,
        /// API key, sealed.
        key_sealed: String,
        /// Keyed hash of the key, hex.
        key_hash: String,
        /// Free text.
        comment: String,
        /// On or off.
        enabled: bool,
        /// The group, known to belong to this team.
        group: GroupId,
        /// Where new messages go.
        webhook_url: String,
        /// The groups that the actor is in, among those that the command concerns.
        inside: Vec<GroupId>,
    },
    /// An integration shall change; a named group is known to belong to this team.
    ChangeIntegration {
        /// Who acts.
        actor: ContactId,
        /// Which one.
        integration: IntegrationId,
        /// What changes.
        change: IntegrationChange,
        /// The groups that the actor is in, among those that the command concerns.
        inside: Vec<GroupId>,
    },
    /// An integration shall be gone. Its group's members lose nothing by it, so the actor need not be one of them.
    RemoveIntegration {
        /// Who acts.
        actor: ContactId,
        /// Which one.
        integration: IntegrationId,
    },
    /// The picture shall be this one, stored already.
    SetIcon {
        /// Who acts.
        actor: ContactId,
        /// The picture.
        icon: icon::Changed,
    },
    /// There shall be no picture.
    RemoveIcon {
        /// Who acts.
        actor: ContactId,
    },
    /// A contact's picture shall be this one, stored already.
    SetContactIcon {
        /// Who acts.
        actor: ContactId,
        /// Whose.
        contact: ContactId,
        /// The picture.
        icon: icon::Changed,
    },
    /// A contact shall have no picture.
    RemoveContactIcon {
        /// Who acts.
        actor: ContactId,
        /// Whose.
        contact: ContactId,
    },
}
