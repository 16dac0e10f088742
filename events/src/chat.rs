//! Facts about groups, and what a conversation is.

use crate::{ChatKey, ContactId, GroupId, MessageId, Personal, SectionId, TeamId, value::GroupStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A conversation: between two contacts of a team, in a group, or about a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChatRef {
    /// Two contacts; each sees it under the other's address. Also one contact with itself: notes.
    Direct(ContactId, ContactId),
    /// A group.
    Group(GroupId),
    /// A task; it has members as a group has.
    Task(GroupId),
}

impl ChatRef {
    /// The conversation of two contacts, whoever names it.
    pub fn direct(a: ContactId, b: ContactId) -> Self {
        if a <= b { Self::Direct(a, b) } else { Self::Direct(b, a) }
    }

    /// The group or task, which has members of its own; nothing for a direct chat.
    pub fn group(&self) -> Option<GroupId> {
        match self {
            Self::Direct(..) => None,
            Self::Group(group) | Self::Task(group) => Some(*group),
        }
    }

    /// One uuid that names the conversation, the same for everybody.
    pub fn key(&self) -> ChatKey {
        match self {
            Self::Group(group) | Self::Task(group) => ChatKey(group.0),
            Self::Direct(a, b) => {
                let (low, high) = if a <= b { (a, b) } else { (b, a) };
                let mut pair = [0; 32];
                pair[..16].copy_from_slice(low.0.as_bytes());
                pair[16..].copy_from_slice(high.0.as_bytes());
                ChatKey(Uuid::new_v5(&Uuid::NAMESPACE_OID, &pair))
            }
        }
    }
}

/// A contact's place in a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Who.
    pub contact: ContactId,
    /// Rights in the group.
    pub status: GroupStatus,
}

/// A group came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The group.
    pub group: GroupId,
    /// Where.
    pub team: TeamId,
    /// Who made it.
    pub owner: ContactId,
    /// Its first members, the maker among them.
    pub members: Vec<Member>,
    /// Its settings.
    pub settings: Settings,
}

/// What can be set on a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Title.
    pub display_name: Personal<String>,
    /// What it is about, may be empty.
    pub description: Personal<String>,
    /// Whether those outside see it.
    pub public: bool,
    /// Whether only its admins may write.
    pub readonly_for_members: bool,
    /// Whether new contacts of the team join by themselves.
    pub default_for_all: bool,
    /// After how many seconds messages are deleted by themselves; none: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autocleanup_age: Option<u32>,
    /// The message that everybody sees on top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_message: Option<MessageId>,
    /// The section that it is sorted into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<SectionId>,
}

/// Its settings changed; they are given whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// The settings after the change.
    pub settings: Settings,
}

/// Somebody joined or was added, or got other rights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberSet {
    /// Who, with which rights.
    pub member: Member,
}

/// Somebody left or was removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberRemoved {
    /// Who.
    pub contact: ContactId,
}

/// The group was deleted, which in this API means archived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archived {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direct_chat_has_one_key_whoever_names_it() {
        let (a, b) = (ContactId(Uuid::from_u128(1)), ContactId(Uuid::from_u128(2)));
        assert_eq!(ChatRef::direct(a, b), ChatRef::direct(b, a));
        assert_eq!(ChatRef::direct(a, b).key(), ChatRef::direct(b, a).key());
        assert_ne!(ChatRef::direct(a, b).key(), ChatRef::direct(a, a).key());
    }
}
