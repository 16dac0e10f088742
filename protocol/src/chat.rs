//! Conversations, groups and their members: `/api/v4/teams/{t}/chats` and `…/groups`.

use crate::{
    Jid, Timestamp,
    contact::Contact,
    icon::IconData,
    message::{ChatType, Message, MessageLink},
    task::{Subtask, TaskItem, TaskTabKey},
    upload::Upload,
};
use events::value::GroupStatus;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A chat as one member sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Chat {
    /// Task: who is to do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub assignee: Option<Jid>,
    /// After so many seconds messages are deleted by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub autocleanup_age: Option<u32>,
    /// Version of what everybody sees of it, ns since 1970.
    pub base_gentime: i64,
    /// The viewer may add members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_add_member: Option<bool>,
    /// The viewer may give members other rights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_change_member_status: Option<bool>,
    /// The viewer may change what is set for everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_change_settings: Option<bool>,
    /// The viewer may delete it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_delete: Option<bool>,
    /// The viewer may delete messages of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_delete_any_message: Option<bool>,
    /// The viewer may join it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_join: Option<bool>,
    /// The viewer may remove members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_remove_member: Option<bool>,
    /// The viewer may write into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_send_message: Option<bool>,
    /// Why the viewer may not write into it, in the server's default language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cant_send_message_reason: Option<String>,
    /// Names of the fields that the viewer may change, alphabetically; empty for none.
    pub changeable_fields: Vec<String>,
    /// `direct`, `group` or `task`.
    pub chat_type: ChatType,
    /// The viewer has folded the description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub collapsed: Option<bool>,
    /// Task: its colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub color_index: Option<u16>,
    /// Task: how complex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub complexity: Option<u32>,
    /// Counts into unread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub counters_enabled: Option<bool>,
    /// When it was made.
    pub created: Timestamp,
    /// Task: its colour, if it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub custom_color_index: Option<u16>,
    /// Task: until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub deadline: Option<Timestamp>,
    /// Task: that time is over, and it is not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub deadline_expired: Option<bool>,
    /// New contacts of the team join by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub default_for_all: Option<bool>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Title; of a direct chat the other side's name.
    pub display_name: String,
    /// Task: when it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub done: Option<Timestamp>,
    /// Task: why it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub done_reason: Option<String>,
    /// What the viewer has begun to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub draft: Option<String>,
    /// Version of the draft, ns since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub draft_gentime: Option<i64>,
    /// How often a draft was saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub draft_num: Option<i64>,
    /// On the viewer's main screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub feed: Option<bool>,
    /// Version for this viewer, ns since 1970.
    pub gentime: i64,
    /// Out of the viewer's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hidden: Option<bool>,
    /// Picture.
    pub icons: IconData,
    /// Task: how important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub importance: Option<u32>,
    /// Task: its checklist; only where one is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub items: Option<Vec<TaskItem>>,
    /// Address.
    pub jid: Jid,
    /// When something was said last; before that, when it was made.
    pub last_activity: Timestamp,
    /// The newest message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_message: Option<Box<Message>>,
    /// The last message that the viewer has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_read_message_id: Option<uuid::Uuid>,
    /// Task: fragments of its description to be shown as links; only where one is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub links: Option<Vec<MessageLink>>,
    /// Task: messages that it came from; only where one is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub linked_messages: Option<Vec<Message>>,
    /// Everybody in it; only where one is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub members: Option<Vec<GroupMembership>>,
    /// Pushes are on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub notifications_enabled: Option<bool>,
    /// Task: its number in the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num: Option<u32>,
    /// Task: lines of its checklist that are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_checked_items: Option<u32>,
    /// Task: lines of its checklist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_items: Option<u32>,
    /// How many of its messages are marked as important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_importants: Option<u32>,
    /// How many are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_members: Option<u32>,
    /// Messages that the viewer has not read.
    pub num_unread: u64,
    /// Mentions that the viewer has not read.
    pub num_unread_notices: u64,
    /// Task: who follows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub observers: Option<Vec<Jid>>,
    /// Task: who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub owner: Option<Jid>,
    /// Task: those whose checklists it stands in; only where one is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parents: Option<Vec<Subtask>>,
    /// Above the others in the viewer's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pinned: Option<bool>,
    /// The message that everybody sees on top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pinned_message: Option<Box<Message>>,
    /// Its place among the pinned ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pinned_sort_ordering: Option<i32>,
    /// Those outside see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub public: Option<bool>,
    /// Only its admins may write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub readonly_for_members: Option<bool>,
    /// Task: when the viewer is reminded of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub remind_at: Option<Timestamp>,
    /// Group or task: the section (of a task: project) it is sorted into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub section: Option<uuid::Uuid>,
    /// Task: how much time went into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub spent_time: Option<u32>,
    /// What the viewer is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub status: Option<GroupStatus>,
    /// Task: the viewer's tabs that show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tabs: Option<Vec<TaskTabKey>>,
    /// Task: its tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tags: Option<Vec<String>>,
    /// Task: `new`, `done` or a word of the team's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task_status: Option<String>,
    /// Task: the first line of its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// Task: its files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub uploads: Option<Vec<Upload>>,
    /// Task: how urgent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub urgency: Option<u32>,
}

/// A page of chats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatPage {
    /// People, where they are asked for: the other sides of the direct chats of this page, and on the first page those
    /// whom the viewer has not talked with, as far as there is room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contacts: Option<Vec<Contact>>,
    /// How many there are on all pages.
    pub count: u64,
    /// As asked for.
    pub limit: u32,
    /// The chats; empty past the end.
    pub objects: Vec<Chat>,
    /// As asked for.
    pub offset: u32,
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
    /// After so many seconds messages are deleted by themselves.
    #[serde(default)]
    pub autocleanup_age: Option<u32>,
    /// The section of groups that it is sorted into.
    #[serde(default)]
    pub section: Option<String>,
    /// Its first members beside the caller.
    #[serde(default)]
    pub members: Option<Vec<SetMember>>,
}

/// `PUT /api/v4/teams/{t}/chats/{jid}` and `…/groups/{jid}`: only what is sent changes. `null` says nothing but where it
/// is described.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct ChangeChat {
    /// Fold the description, for oneself.
    #[serde(default)]
    pub collapsed: Option<bool>,
    /// Count into one's own unread.
    #[serde(default)]
    pub counters_enabled: Option<bool>,
    /// What one has begun to write; empty for nothing.
    #[serde(default)]
    pub draft: Option<String>,
    /// Show on one's own main screen.
    #[serde(default)]
    pub feed: Option<bool>,
    /// Take out of one's own list.
    #[serde(default)]
    pub hidden: Option<bool>,
    /// Pushes for oneself.
    #[serde(default)]
    pub notifications_enabled: Option<bool>,
    /// Put above the others in one's own list.
    #[serde(default)]
    pub pinned: Option<bool>,
    /// The place among the pinned ones.
    #[serde(default)]
    pub pinned_sort_ordering: Option<i32>,
    /// Delete messages after so many seconds; `null` or 0: keep them.
    #[serde(default, deserialize_with = "said")]
    pub autocleanup_age: Option<Option<u32>>,
    /// Whether everybody in the team is in it.
    #[serde(default)]
    pub default_for_all: Option<bool>,
    /// What it is about.
    #[serde(default)]
    pub description: Option<String>,
    /// Title.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The message that everybody sees on top; `null` or empty for none.
    #[serde(default, deserialize_with = "said")]
    pub pinned_message: Option<Option<String>>,
    /// Those outside see it.
    #[serde(default)]
    pub public: Option<bool>,
    /// Only its admins may write.
    #[serde(default)]
    pub readonly_for_members: Option<bool>,
    /// The section of groups that it is sorted into; `null` or empty for none.
    #[serde(default, deserialize_with = "said")]
    pub section: Option<Option<String>>,
}

/// Tells `null` from what was not sent.
fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
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
