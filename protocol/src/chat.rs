//! Chats as a member sees them: `/api/v4/teams/{t}/chats`.

mod request;

pub use request::{ChangeChat, CreateGroup, SetMember};

use crate::{
    Jid, Timestamp,
    contact::Contact,
    icon::IconData,
    message::{ChatType, Message, MessageLink},
    task::{Subtask, TaskItem, TaskTabKey},
    upload::Upload,
};
use events::value::GroupStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A direct chat, group or task as one member sees it. Optional keys are absent when empty, false or not
/// applicable.
#[serde_with::apply(Option => #[serde(default, skip_serializing_if = "Option::is_none")] #[schema(nullable = false)])]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Chat {
    /// Tasks only: address of the assignee.
    pub assignee: Option<Jid>,
    /// Age in seconds at which messages are deleted automatically.
    pub autocleanup_age: Option<u32>,
    /// Version of the part of the chat that all viewers share, in nanoseconds since 1970.
    pub base_gentime: i64,
    /// The viewer may add members.
    pub can_add_member: Option<bool>,
    /// The viewer may change the rights of members.
    pub can_change_member_status: Option<bool>,
    /// The viewer may change the settings that apply to everybody.
    pub can_change_settings: Option<bool>,
    /// The viewer may delete the chat.
    pub can_delete: Option<bool>,
    /// The viewer may delete messages of others.
    pub can_delete_any_message: Option<bool>,
    /// The viewer may join the chat.
    pub can_join: Option<bool>,
    /// The viewer may remove members.
    pub can_remove_member: Option<bool>,
    /// The viewer may post messages.
    pub can_send_message: Option<bool>,
    /// Reason why the viewer may not post messages, in the server's default language.
    pub cant_send_message_reason: Option<String>,
    /// Names of the fields that the viewer may change, in alphabetical order; empty when there are none.
    pub changeable_fields: Vec<String>,
    /// Kind of the chat: `direct`, `group` or `task`.
    pub chat_type: ChatType,
    /// The viewer has folded the description.
    pub collapsed: Option<bool>,
    /// Tasks only: index of the colour.
    pub color_index: Option<u16>,
    /// Tasks only: estimated complexity, any number.
    pub complexity: Option<u32>,
    /// Unread messages of the chat count towards the viewer's totals.
    pub counters_enabled: Option<bool>,
    /// Time of creation.
    pub created: Timestamp,
    /// Tasks only: index of the colour chosen for this task.
    pub custom_color_index: Option<u16>,
    /// Tasks only: time when the task is due.
    pub deadline: Option<Timestamp>,
    /// Tasks only: the deadline has passed and the task is not done.
    pub deadline_expired: Option<bool>,
    /// Groups only: new contacts of the team join automatically.
    pub default_for_all: Option<bool>,
    /// Description of the group or task.
    pub description: Option<String>,
    /// Title of the group or task; the other contact's name in a direct chat.
    pub display_name: String,
    /// Tasks only: time when the task was completed.
    pub done: Option<Timestamp>,
    /// Tasks only: reason given when the task was completed.
    pub done_reason: Option<String>,
    /// Text of the viewer's unsent draft.
    pub draft: Option<String>,
    /// Version of the draft, in nanoseconds since 1970.
    pub draft_gentime: Option<i64>,
    /// Number of times a draft was saved in the chat; the higher one is newer.
    pub draft_num: Option<i64>,
    /// The viewer shows the chat on the main screen.
    pub feed: Option<bool>,
    /// Version of the chat for this viewer, in nanoseconds since 1970.
    pub gentime: i64,
    /// The viewer has removed the chat from the list.
    pub hidden: Option<bool>,
    /// Picture of the chat.
    pub icons: IconData,
    /// Tasks only: importance, 1 to 5.
    pub importance: Option<u32>,
    /// Tasks only: the checklist; present when a single chat is requested.
    pub items: Option<Vec<TaskItem>>,
    /// Address of the chat as the viewer names it.
    pub jid: Jid,
    /// Time of the newest message, or of creation while there is none.
    pub last_activity: Timestamp,
    /// The newest message.
    pub last_message: Option<Box<Message>>,
    /// Id of the last message that the viewer has read.
    pub last_read_message_id: Option<uuid::Uuid>,
    /// Tasks only: fragments of the description to be shown as links; present when a single chat is requested.
    pub links: Option<Vec<MessageLink>>,
    /// Tasks only: messages from which the task was created; present when a single chat is requested.
    pub linked_messages: Option<Vec<Message>>,
    /// Groups only: all members; present when a single chat is requested.
    pub members: Option<Vec<GroupMembership>>,
    /// The viewer gets pushes about the chat.
    pub notifications_enabled: Option<bool>,
    /// Tasks only: number of the task within the team.
    pub num: Option<u32>,
    /// Tasks only: number of checked lines in the checklist.
    pub num_checked_items: Option<u32>,
    /// Tasks only: number of lines in the checklist.
    pub num_items: Option<u32>,
    /// Number of messages marked as important.
    pub num_importants: Option<u32>,
    /// Number of members.
    pub num_members: Option<u32>,
    /// Number of messages that the viewer has not read.
    pub num_unread: u64,
    /// Number of messages that mention the viewer and are unread.
    pub num_unread_notices: u64,
    /// Tasks only: addresses of the observers.
    pub observers: Option<Vec<Jid>>,
    /// Tasks only: address of the contact that created the task.
    pub owner: Option<Jid>,
    /// Tasks only: tasks whose checklists refer to this one; present when a single chat is requested.
    pub parents: Option<Vec<Subtask>>,
    /// The viewer has pinned the chat to the top of the list.
    pub pinned: Option<bool>,
    /// Message pinned to the top of the chat for everybody.
    pub pinned_message: Option<Box<Message>>,
    /// Position among the viewer's pinned chats, smallest first.
    pub pinned_sort_ordering: Option<i32>,
    /// Contacts who are not members may see the chat.
    pub public: Option<bool>,
    /// Groups only: only admins may post messages.
    pub readonly_for_members: Option<bool>,
    /// Tasks only: time of the viewer's reminder.
    pub remind_at: Option<Timestamp>,
    /// Groups and tasks only: id of the section that holds the chat.
    pub section: Option<uuid::Uuid>,
    /// Tasks only: time spent, any number.
    pub spent_time: Option<u32>,
    /// The viewer's rights in the group: `admin` or `member`.
    #[schema(value_type = Option<String>)]
    pub status: Option<GroupStatus>,
    /// Tasks only: keys of the viewer's tabs that show the task.
    pub tabs: Option<Vec<TaskTabKey>>,
    /// Tasks only: names of the tags.
    pub tags: Option<Vec<String>>,
    /// Tasks only: `new`, `done` or a status of the team's own.
    pub task_status: Option<String>,
    /// Tasks only: first line of the description.
    pub title: Option<String>,
    /// Tasks only: attached files.
    pub uploads: Option<Vec<Upload>>,
    /// Tasks only: urgency, 1 to 5.
    pub urgency: Option<u32>,
}

/// A page of chats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatPage {
    /// Present when requested: the other contacts of the direct chats on this page, and on the first page also
    /// contacts without a chat, as far as the limit allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contacts: Option<Vec<Contact>>,
    /// Total number of chats on all pages.
    pub count: u64,
    /// Requested page size.
    pub limit: u32,
    /// The chats of this page; empty past the end.
    pub objects: Vec<Chat>,
    /// Requested number of chats to skip.
    pub offset: u32,
}

/// A page of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskPage {
    /// Total number of matching tasks.
    pub count: u64,
    /// Maximum number of tasks on a page.
    pub limit: u32,
    /// The tasks of this page.
    pub objects: Vec<Chat>,
    /// Number of tasks that were skipped.
    pub offset: u64,
}

/// Membership of a contact in a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupMembership {
    /// The viewer may remove this member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_remove: Option<bool>,
    /// Address of the contact.
    pub jid: Jid,
    /// Rights in the group: `admin` or `member`.
    #[schema(value_type = String, pattern = "^(admin|member)$")]
    pub status: GroupStatus,
}

/// Members of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupMembers {
    /// All members of the group.
    pub members: Vec<GroupMembership>,
}
