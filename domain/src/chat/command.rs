//! The commands of a group, and why they are rejected.

use events::{ContactId, GroupId, MessageId, Personal, SectionId, TeamId, chat, value::ContactStatus};

/// The acting contact of the group's team, with its status in the team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    pub contact: ContactId,
    pub status: ContactStatus,
}

/// The commands. The caller has checked that all contacts belong to the team.
#[derive(Clone, Debug)]
pub enum Command {
    /// Creates the group; the actor becomes its admin.
    Create {
        group: GroupId,
        team: TeamId,
        actor: Actor,
        members: Vec<chat::Member>,
        settings: chat::Settings,
    },
    /// Changes settings.
    Change {
        actor: Actor,
        change: Change,
    },
    /// Adds a member, or changes its status.
    SetMember {
        actor: Actor,
        member: chat::Member,
    },
    /// Removes a member; every member may leave.
    RemoveMember {
        actor: Actor,
        contact: ContactId,
    },
    /// Removes a contact that has left the team. No actor requests this, so no rights are checked.
    Forget {
        contact: ContactId,
    },
    /// Adds a contact that has returned to the team, if the group is for all.
    Welcome {
        contact: ContactId,
    },
    Archive {
        actor: Actor,
    },
}

/// A change of settings; `None` leaves a setting unchanged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub display_name: Option<Personal<String>>,
    pub description: Option<Personal<String>>,
    /// Contacts that are no members see the group.
    pub public: Option<bool>,
    /// Only admins may post.
    pub readonly_for_members: Option<bool>,
    /// Every contact of the team is a member.
    pub default_for_all: Option<bool>,
    /// Messages are deleted automatically at this age, seconds.
    pub autocleanup_age: Option<Option<u32>>,
    /// The caller has checked that the message is in the group.
    pub pinned_message: Option<Option<MessageId>>,
    /// The caller has checked that the section belongs to the team.
    pub section: Option<Option<SectionId>>,
}

impl Change {
    /// Applies the change.
    pub(super) fn of(self, settings: chat::Settings) -> chat::Settings {
        chat::Settings {
            display_name: self.display_name.unwrap_or(settings.display_name),
            description: self.description.unwrap_or(settings.description),
            public: self.public.unwrap_or(settings.public),
            readonly_for_members: self.readonly_for_members.unwrap_or(settings.readonly_for_members),
            default_for_all: self.default_for_all.unwrap_or(settings.default_for_all),
            autocleanup_age: self.autocleanup_age.unwrap_or(settings.autocleanup_age),
            pinned_message: self.pinned_message.unwrap_or(settings.pinned_message),
            section: self.section.unwrap_or(settings.section),
        }
    }
}

/// Why a command is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The group does not exist, is archived, or is not visible to the actor.
    NoGroup,
    /// The actor lacks the right.
    NotAllowed,
    /// The contact is no member.
    NoMember,
    /// The group would exceed the maximum number of members.
    TooManyMembers,
}
