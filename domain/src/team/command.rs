//! What may be asked of a team, and why not.

use events::{
    AccountId, ContactId, GroupId, IntegrationId, InvitationId, SectionId, TeamId, icon,
    value::{ContactStatus, IntegrationKind},
};

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
    /// Somebody with an invitation comes in.
    Join {
        /// With which invitation.
        invitation: InvitationId,
        /// Who.
        joiner: NewContact,
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
    },
    /// An integration shall change; a named group is known to belong to this team.
    ChangeIntegration {
        /// Who acts.
        actor: ContactId,
        /// Which one.
        integration: IntegrationId,
        /// What changes.
        change: IntegrationChange,
    },
    /// An integration shall be gone.
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
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such team, any more or at all.
    NoTeam,
    /// The actor is no contact of the team.
    NotAMember,
    /// The actor's status does not allow it.
    NotAllowed,
    /// The invitation is unknown, revoked, or was used by this very person before.
    NoInvitation,
    /// The integration does not exist.
    NoIntegration,
    /// A limit is reached.
    TooMany {
        /// Of what: the API's field name.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// The picture does not fit into the quota.
    QuotaExceeded,
}
