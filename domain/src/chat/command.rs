//! What may be asked of a group, and why not.

use events::{ContactId, GroupId, MessageId, Personal, SectionId, TeamId, chat, value::ContactStatus};

/// Who acts: a contact of the group's team, and what it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub contact: ContactId,
    /// Status in the team.
    pub status: ContactStatus,
}

/// What may be asked. Contacts that are named are known to belong to the team.
#[derive(Clone, Debug)]
pub enum Command {
    /// The group shall exist.
    Create {
        /// Its id.
        group: GroupId,
        /// Where.
        team: TeamId,
        /// Who makes it, and becomes its admin.
        actor: Actor,
        /// Its first members.
        members: Vec<chat::Member>,
        /// Its settings.
        settings: chat::Settings,
    },
    /// Its settings shall be these.
    Change {
        /// Who acts.
        actor: Actor,
        /// What shall be different.
        change: Change,
    },
    /// Somebody shall be a member with these rights.
    SetMember {
        /// Who acts.
        actor: Actor,
        /// Who shall be what.
        member: chat::Member,
    },
    /// Somebody shall be a member no more; oneself may always leave.
    RemoveMember {
        /// Who acts.
        actor: Actor,
        /// Who goes.
        contact: ContactId,
    },
    /// Somebody is out of the team, and with that out of the group: nobody asks for it, so nobody's rights matter.
    Forget {
        /// Who is gone.
        contact: ContactId,
    },
    /// Somebody is in the team again, and with that in a group for all.
    Welcome {
        /// Who is back.
        contact: ContactId,
    },
    /// The group shall be gone.
    Archive {
        /// Who acts.
        actor: Actor,
    },
}

/// What shall be different about a group; nothing named, nothing changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Title.
    pub display_name: Option<Personal<String>>,
    /// What it is about.
    pub description: Option<Personal<String>>,
    /// Whether those outside see it.
    pub public: Option<bool>,
    /// Whether only its admins may write.
    pub readonly_for_members: Option<bool>,
    /// Whether everybody in the team is in it.
    pub default_for_all: Option<bool>,
    /// After how many seconds messages are deleted by themselves.
    pub autocleanup_age: Option<Option<u32>>,
    /// The message on top, known to be of the group.
    pub pinned_message: Option<Option<MessageId>>,
    /// The section that it is sorted into, known to be of the team.
    pub section: Option<Option<SectionId>>,
}

impl Change {
    /// The settings with the change made.
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

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such group, any more or at all, or none that the actor may know of.
    NoGroup,
    /// The actor may not.
    NotAllowed,
    /// There is no such member.
    NoMember,
    /// Too many members.
    TooManyMembers,
}
