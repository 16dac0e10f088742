//! Groups and their members (`protocol.md` 3.3, 4.7, 4.26): `/api/v4/teams/{t}/groups`.

use crate::{Jid, Timestamp, icon::IconData, message::ChatType, message::Message};
use events::value::GroupStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A chat as one member sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Chat {
    /// The viewer may add members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_add_member: Option<bool>,
    /// The viewer may delete it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_delete: Option<bool>,
    /// The viewer may remove members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_remove_member: Option<bool>,
    /// The viewer may write into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_send_message: Option<bool>,
    /// `direct`, `group` or `task`.
    pub chat_type: ChatType,
    /// Counts into unread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub counters_enabled: Option<bool>,
    /// When it was made.
    pub created: Timestamp,
    /// New contacts of the team join by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub default_for_all: Option<bool>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Title.
    pub display_name: String,
    /// Version for this viewer, ns since 1970.
    pub gentime: i64,
    /// Picture.
    pub icons: IconData,
    /// Address.
    pub jid: Jid,
    /// The newest message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_message: Option<Box<Message>>,
    /// The last message that the viewer has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_read_message_id: Option<uuid::Uuid>,
    /// Everybody in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub members: Option<Vec<GroupMembership>>,
    /// Pushes are on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub notifications_enabled: Option<bool>,
    /// How many are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_members: Option<u32>,
    /// Messages that the viewer has not read.
    pub num_unread: u64,
    /// Mentions that the viewer has not read.
    pub num_unread_notices: u64,
    /// Those outside see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub public: Option<bool>,
    /// Only its admins may write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub readonly_for_members: Option<bool>,
    /// What the viewer is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub status: Option<GroupStatus>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupMembership {
    /// The viewer may remove it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_remove: Option<bool>,
    /// Who.
    pub jid: Jid,
    /// `admin` or `member`.
    #[schema(value_type = String, pattern = "^(admin|member)$")]
    pub status: GroupStatus,
}

/// What `GET …/members` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupMembers {
    /// Everybody in it.
    pub members: Vec<GroupMembership>,
}

/// `POST /api/v4/teams/{t}/groups`; clients send `null` and `""` for what they do not use.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct CreateGroup {
    /// Title.
    pub display_name: String,
    /// What it is about.
    #[serde(default)]
    pub description: Option<String>,
    /// Those outside see it.
    #[serde(default)]
    pub public: Option<bool>,
    /// Only its admins may write.
    #[serde(default)]
    pub readonly_for_members: Option<bool>,
    /// New contacts of the team join by themselves.
    #[serde(default)]
    pub default_for_all: Option<bool>,
    /// Its first members beside the caller.
    #[serde(default)]
    pub members: Option<Vec<SetMember>>,
}

/// `POST …/groups/{jid}/members`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SetMember {
    /// A contact of the team.
    pub jid: String,
    /// `admin` or `member`; `member` unless said otherwise.
    #[serde(default)]
    pub status: Option<String>,
}
