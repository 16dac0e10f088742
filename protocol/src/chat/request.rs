//! Requests about chats and groups: `PUT …/chats/{jid}`, `POST …/groups`, `PUT …/groups/{jid}`, `POST …/members`.

use crate::nullable;
use serde::Deserialize;
use utoipa::ToSchema;

/// Request to create a group. `null` and `""` count as absent.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct CreateGroup {
    /// Title of the group.
    pub display_name: String,
    /// Description of the group.
    pub description: Option<String>,
    /// Contacts who are not members may see the group.
    pub public: Option<bool>,
    /// Only admins may post messages.
    pub readonly_for_members: Option<bool>,
    /// New contacts of the team join automatically.
    pub default_for_all: Option<bool>,
    /// Age in seconds at which messages are deleted automatically.
    pub autocleanup_age: Option<u32>,
    /// Id of the section that holds the group.
    pub section: Option<String>,
    /// First members, beside the caller.
    pub members: Option<Vec<SetMember>>,
}

/// Request to change a chat; absent fields stay as they are. `null` counts as absent unless the field says
/// otherwise.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct ChangeChat {
    /// Folds the description, for the caller.
    pub collapsed: Option<bool>,
    /// Counts the chat's unread messages towards the caller's totals.
    pub counters_enabled: Option<bool>,
    /// Text of the caller's draft; empty removes it.
    pub draft: Option<String>,
    /// Shows the chat on the caller's main screen.
    pub feed: Option<bool>,
    /// Removes the chat from the caller's list.
    pub hidden: Option<bool>,
    /// Sends the caller pushes about the chat.
    pub notifications_enabled: Option<bool>,
    /// Pins the chat to the top of the caller's list.
    pub pinned: Option<bool>,
    /// Position among the caller's pinned chats, smallest first.
    pub pinned_sort_ordering: Option<i32>,
    /// Age in seconds at which messages are deleted automatically; `null` or 0 keeps them.
    #[serde(default, deserialize_with = "nullable::sent")]
    pub autocleanup_age: Option<Option<u32>>,
    /// Everybody in the team is a member.
    pub default_for_all: Option<bool>,
    /// Description of the group.
    pub description: Option<String>,
    /// Title of the group.
    pub display_name: Option<String>,
    /// Id of the message pinned to the top for everybody; `null` or empty unpins it.
    #[serde(default, deserialize_with = "nullable::sent")]
    pub pinned_message: Option<Option<String>>,
    /// Contacts who are not members may see the group.
    pub public: Option<bool>,
    /// Only admins may post messages.
    pub readonly_for_members: Option<bool>,
    /// Id of the section that holds the group; `null` or empty for none.
    #[serde(default, deserialize_with = "nullable::sent")]
    pub section: Option<Option<String>>,
}

/// Request to add a member to a group or to change the member's rights.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SetMember {
    /// Address of a contact of the team.
    pub jid: String,
    /// Rights in the group: `admin` or `member`; `member` when absent.
    pub status: Option<String>,
}
