//! Events of groups, and the reference to a chat.

use crate::{ChatKey, ContactId, GroupId, MessageId, Personal, SectionId, TeamId, value::GroupStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A chat: between two contacts of a team, in a group, or about a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChatRef {
    /// Two contacts; each sees the chat under the other's address. Also one contact with itself: notes.
    Direct(ContactId, ContactId),
    /// A group.
    Group(GroupId),
    /// A task, which has members like a group.
    Task(GroupId),
}

impl ChatRef {
    /// The chat of two contacts, in either order.
    pub fn direct(a: ContactId, b: ContactId) -> Self {
        if a <= b { Self::Direct(a, b) } else { Self::Direct(b, a) }
    }

    /// The group or task, which has members of its own; `None` for a direct chat.
    pub fn group(&self) -> Option<GroupId> {
        match self {
            Self::Direct(..) => None,
            Self::Group(group) | Self::Task(group) => Some(*group),
        }
    }

    /// Key of the chat, equal for all its members.
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

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Member.
    pub contact: ContactId,
    /// Rights in the group.
    pub status: GroupStatus,
}

/// A group was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The group.
    pub group: GroupId,
    /// Team of the group.
    pub team: TeamId,
    /// Contact that created the group.
    pub owner: ContactId,
    /// First members, including the owner.
    pub members: Vec<Member>,
    /// Settings of the group.
    pub settings: Settings,
}

/// Settings of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Title.
    pub display_name: Personal<String>,
    /// Topic; may be empty.
    pub description: Personal<String>,
    /// Whether contacts of the team who are not members see the group.
    pub public: bool,
    /// Whether only admins of the group may write.
    pub readonly_for_members: bool,
    /// Whether new contacts of the team become members automatically.
    pub default_for_all: bool,
    /// Age in seconds at which messages are deleted automatically; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autocleanup_age: Option<u32>,
    /// Message pinned on top for all members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_message: Option<MessageId>,
    /// Section that the group is sorted into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<SectionId>,
}

/// The settings of a group changed; holds all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// All settings after the change.
    pub settings: Settings,
}

/// A member joined, was added, or got another status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberSet {
    /// Member with the new status.
    pub member: Member,
}

/// A member left or was removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberRemoved {
    /// Former member.
    pub contact: ContactId,
}

/// The group was archived (the API calls it deleted).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archived {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_of_a_direct_chat_is_independent_of_the_order() {
        let (a, b) = (ContactId(Uuid::from_u128(1)), ContactId(Uuid::from_u128(2)));
        assert_eq!(ChatRef::direct(a, b), ChatRef::direct(b, a));
        assert_eq!(ChatRef::direct(a, b).key(), ChatRef::direct(b, a).key());
        assert_ne!(ChatRef::direct(a, b).key(), ChatRef::direct(a, a).key());
    }
}
