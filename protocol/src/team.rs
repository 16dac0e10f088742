//! Teams as one member sees them: `/api/v3/teams`, and the requests about them.

use crate::{contact::Contact, icon::IconData};
use events::value::ContactStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A team as one member sees it. `can_*`, `bad_profile` and `is_archive` are present only when true; storage sizes
/// only for members who manage them.
#[serde_with::apply(Option => #[serde(default, skip_serializing_if = "Option::is_none")] #[schema(nullable = false)])]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// The caller has no name in this team yet.
    pub bad_profile: Option<bool>,
    /// The caller may add people to the team.
    pub can_add_to_team: Option<bool>,
    /// The caller may manage integrations.
    pub can_manage_integrations: Option<bool>,
    /// The caller may manage sections.
    pub can_manage_sections: Option<bool>,
    /// Statuses that the caller may assign to contacts, weakest first.
    #[schema(value_type = Option<Vec<String>>)]
    pub changeable_statuses: Option<Vec<ContactStatus>>,
    /// All contacts of the team, newest first, the creator last; present only in the answer to the team's creation.
    pub contacts: Option<Vec<Contact>>,
    /// Time of day at which tasks with a date as deadline are due, UTC, `HH:MM:SS`.
    pub default_task_deadline: String,
    /// Picture of the team.
    pub icons: IconData,
    /// The team was deleted.
    pub is_archive: Option<bool>,
    /// The caller was last active in this team.
    pub last_active: bool,
    /// Seconds after posting in which an author may edit or delete a message.
    pub max_message_update_age: u32,
    /// The caller's contact in the team.
    pub me: Contact,
    /// Title of the team.
    pub name: String,
    /// The caller was invited and has not confirmed yet.
    pub need_confirmation: bool,
    /// Id of the team.
    pub uid: Uuid,
    /// The caller's unread chats and messages.
    pub unread: TeamUnread,
    /// Bytes stored by the team.
    pub uploads_size: Option<u64>,
    /// Bytes that the team may store.
    pub uploads_size_limit: Option<u64>,
}

/// Unread counters of a team by kind of chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamUnread {
    /// Counters of direct chats.
    pub direct: Unread,
    /// Counters of groups.
    pub group: Unread,
    /// Counters of tasks.
    pub task: Unread,
}

/// Unread counters of one kind of chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unread {
    /// Number of chats with unread messages.
    pub chats: u64,
    /// Number of unread messages.
    pub messages: u64,
}

/// Unread counters of a team for one viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TeamCounters {
    /// Id of the team.
    pub uid: Uuid,
    /// Unread counters.
    pub unread: TeamUnread,
}

impl TeamUnread {
    /// Total number of unread messages.
    pub fn messages(&self) -> u64 {
        self.direct.messages + self.group.messages + self.task.messages
    }
}

/// Request to create a team.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateTeam {
    /// Title of the team.
    pub name: String,
    /// Contacts to add at once.
    #[serde(default)]
    pub contacts: Vec<AddContact>,
}

/// A person to add; only the phone number is required.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct AddContact {
    /// Phone number, in any notation.
    pub phone: String,
    /// First name.
    pub given_name: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// Job title.
    pub role: Option<String>,
    /// Rights in the team: `member` or `admin`; `member` when absent.
    pub status: Option<String>,
}

/// Request to change a team; absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct ChangeTeam {
    /// Title of the team.
    pub name: Option<String>,
    /// Time of day at which tasks with a date as deadline are due, UTC, `HH:MM:SS`.
    pub default_task_deadline: Option<String>,
    /// Seconds after posting in which an author may edit or delete a message.
    pub max_message_update_age: Option<u32>,
}

/// Storage used by a team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Usage of the last 24 months, oldest first, including empty ones.
    pub by_months: Vec<MonthUsage>,
    /// Bytes stored now.
    pub uploads_size: u64,
    /// Bytes that the team may store.
    pub uploads_size_limit: u64,
}

/// Storage used in one month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MonthUsage {
    /// Month, 1 to 12.
    pub month: u32,
    /// Bytes uploaded in the month.
    pub uploads_size: u64,
    /// Four-digit year.
    pub year: i32,
}
