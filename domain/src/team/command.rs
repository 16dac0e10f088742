//! The commands of a team.

use chrono::{DateTime, Utc};
use events::{
    AccountId, ContactId, GroupId, IntegrationId, InvitationId, SectionId, TeamId,
    contact::Preference,
    icon, team,
    value::{ContactStatus, IntegrationKind, SectionKind},
};
use std::collections::BTreeMap;

/// A contact to be added.
#[derive(Clone, Debug, PartialEq)]
pub struct NewContact {
    pub contact: ContactId,
    pub account: AccountId,
    /// `+` and digits.
    pub phone: String,
    pub given_name: String,
    pub family_name: String,
    pub role: String,
    /// Rights.
    pub status: ContactStatus,
}

/// A change of a contact; `None` leaves a field unchanged.
#[derive(Clone, Debug, Default)]
pub struct ContactChange {
    pub given_name: Option<String>,
    pub patronymic: Option<String>,
    pub family_name: Option<String>,
    pub role: Option<String>,
    pub mood: Option<String>,
    pub contact_email: Option<String>,
    pub contact_phone: Option<String>,
    pub status: Option<ContactStatus>,
    /// Replaces all sections.
    pub sections: Option<Vec<SectionId>>,
    /// The contact may invite, whatever its status.
    pub add_to_team_rights: Option<bool>,
    /// Preferences by name.
    pub preferences: BTreeMap<&'static str, Preference>,
}

impl ContactChange {
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

/// A change of a section; `None` leaves a field unchanged.
#[derive(Clone, Debug, Default)]
pub struct SectionChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub sort_ordering: Option<u32>,
}

/// A change of an integration; `None` leaves a field unchanged.
#[derive(Clone, Debug, Default)]
pub struct IntegrationChange {
    pub comment: Option<String>,
    pub enabled: Option<bool>,
    pub group: Option<GroupId>,
    pub webhook_url: Option<String>,
}

impl IntegrationChange {
    /// Whether the change only disables the integration.
    pub(super) fn only_stops(&self) -> bool {
        let Self { comment, enabled, group, webhook_url } = self;
        *enabled == Some(false) && comment.is_none() && group.is_none() && webhook_url.is_none()
    }
}

/// A change of a team; `None` leaves a field unchanged.
#[derive(Clone, Debug, Default)]
pub struct TeamChange {
    pub name: Option<String>,
    /// Default time of day of task deadlines.
    pub default_task_deadline: Option<String>,
    /// How long an author may edit a message, seconds.
    pub max_message_update_age: Option<u32>,
}

/// The commands.
#[derive(Clone, Debug)]
pub enum Command {
    /// Creates the team with its founder and first contacts.
    Create {
        team: TeamId,
        name: String,
        /// The founder becomes the owner.
        founder: NewContact,
        contacts: Vec<NewContact>,
        /// The first section of contacts, with its name.
        section: (SectionId, String),
    },
    Change {
        actor: ContactId,
        change: TeamChange,
    },
    Archive {
        actor: ContactId,
    },
    /// Begins the erasure.
    Erase(team::Erased),
    /// Completes the erasure.
    Purge(team::Purged),
    /// Removes the contact of an erased account.
    PartWith {
        account: AccountId,
    },
    /// Adds or restores a contact with an invitation.
    Join {
        invitation: InvitationId,
        joiner: NewContact,
        /// Creation time of the invitation, from which an invitation without an expiry, made by an earlier version, expires.
        made: DateTime<Utc>,
        now: DateTime<Utc>,
    },
    /// Adds a contact; a contact that is in the team is left unchanged.
    AddContact {
        actor: ContactId,
        contact: NewContact,
        sections: Vec<SectionId>,
        /// Further profile fields, for a new contact only.
        more: Box<ContactChange>,
    },
    ChangeContact {
        actor: ContactId,
        contact: ContactId,
        change: Box<ContactChange>,
    },
    /// Removes a contact from the team; a contact may remove itself.
    ArchiveContact {
        actor: ContactId,
        contact: ContactId,
    },
    /// Confirms the actor's own membership.
    Confirm {
        actor: ContactId,
    },
    CreateSection {
        actor: ContactId,
        kind: SectionKind,
        section: SectionId,
        name: String,
        description: String,
        /// `None` puts it last.
        sort_ordering: Option<u32>,
    },
    ChangeSection {
        actor: ContactId,
        kind: SectionKind,
        section: SectionId,
        change: SectionChange,
    },
    RemoveSection {
        actor: ContactId,
        kind: SectionKind,
        section: SectionId,
    },
    /// Creates an invitation.
    Invite {
        actor: ContactId,
        invitation: InvitationId,
        token_sealed: String,
        /// Keyed hash of the token, hex.
        token_hash: String,
        expires: DateTime<Utc>,
        /// Maximum number of uses; `None` means any number.
        max_uses: Option<u32>,
        now: DateTime<Utc>,
    },
    RevokeInvitation {
        actor: ContactId,
        invitation: InvitationId,
    },
    CreateIntegration {
        actor: ContactId,
        integration: IntegrationId,
        kind: IntegrationKind,
        key_sealed: String,
        /// Keyed hash of the key, hex.
        key_hash: String,
        comment: String,
        enabled: bool,
        /// The caller has checked that the group belongs to the team.
        group: GroupId,
        webhook_url: String,
        /// Those of the groups concerned that the actor is in.
        inside: Vec<GroupId>,
    },
    /// Changes an integration. The caller has checked that the group belongs to the team.
    ChangeIntegration {
        actor: ContactId,
        integration: IntegrationId,
        change: IntegrationChange,
        /// Those of the groups concerned that the actor is in.
        inside: Vec<GroupId>,
    },
    /// Removes an integration. The actor need not be in its group, because that reveals nothing.
    RemoveIntegration {
        actor: ContactId,
        integration: IntegrationId,
    },
    /// Sets the team's picture, whose blob is stored.
    SetIcon {
        actor: ContactId,
        icon: icon::Changed,
    },
    RemoveIcon {
        actor: ContactId,
    },
    /// Sets a contact's picture, whose blob is stored.
    SetContactIcon {
        actor: ContactId,
        contact: ContactId,
        icon: icon::Changed,
    },
    RemoveContactIcon {
        actor: ContactId,
        contact: ContactId,
    },
}
