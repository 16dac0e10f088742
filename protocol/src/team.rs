//! `/api/v3/teams`: a team as one member sees it, and the calls about it.

use crate::{contact::Contact, icon::IconData};
use events::value::ContactStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A team. `can_*`, `bad_profile` and `is_archive` are present only when true; the quota only for those who manage it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// The caller has no name here yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub bad_profile: Option<bool>,
    /// The caller may invite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_add_to_team: Option<bool>,
    /// The caller may manage integrations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_manage_integrations: Option<bool>,
    /// The caller may manage sections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_manage_sections: Option<bool>,
    /// Statuses that the caller may give, weakest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>, nullable = false)]
    pub changeable_statuses: Option<Vec<ContactStatus>>,
    /// Everybody in it; only in the answer to its creation, newest first, creator last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contacts: Option<Vec<Contact>>,
    /// `HH:MM:SS`
    pub default_task_deadline: String,
    /// Picture.
    pub icons: IconData,
    /// Deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_archive: Option<bool>,
    /// The caller was last active in this team.
    pub last_active: bool,
    /// Seconds in which an author may change a message.
    pub max_message_update_age: u32,
    /// The caller's contact.
    pub me: Contact,
    /// Title.
    pub name: String,
    /// The caller was invited and has yet to confirm.
    pub need_confirmation: bool,
    /// The team.
    pub uid: Uuid,
    /// The caller's unread chats and messages.
    pub unread: TeamUnread,
    /// Bytes stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub uploads_size: Option<u64>,
    /// Bytes that may be stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub uploads_size_limit: Option<u64>,
}

/// Unread counters by kind of chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamUnread {
    /// Direct chats.
    pub direct: Unread,
    /// Groups.
    pub group: Unread,
    /// Tasks.
    pub task: Unread,
}

/// Unread counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unread {
    /// Chats with unread messages.
    pub chats: u64,
    /// Unread messages.
    pub messages: u64,
}

/// What the viewer has not read in a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TeamCounters {
    /// Which team.
    pub uid: Uuid,
    /// What is not read there.
    pub unread: TeamUnread,
}

impl TeamUnread {
    /// Unread messages of all kinds.
    pub fn messages(&self) -> u64 {
        self.direct.messages + self.group.messages + self.task.messages
    }
}

/// `POST /api/v3/teams`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateTeam {
    /// Title.
    pub name: String,
    /// Its first people.
    #[serde(default)]
    pub contacts: Vec<AddContact>,
}

/// A person to be added; only the phone is required.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct AddContact {
    /// In any spelling.
    pub phone: String,
    /// First name.
    #[serde(default)]
    pub given_name: Option<String>,
    /// Last name.
    #[serde(default)]
    pub family_name: Option<String>,
    /// Job title.
    #[serde(default)]
    pub role: Option<String>,
    /// `member` unless said otherwise; `admin` is honoured.
    #[serde(default)]
    pub status: Option<String>,
}

/// `PUT /api/v3/teams/{team_uid}`: only what is sent changes.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct ChangeTeam {
    /// Title.
    #[serde(default)]
    pub name: Option<String>,
    /// `HH:MM:SS`
    #[serde(default)]
    pub default_task_deadline: Option<String>,
    /// Seconds.
    #[serde(default)]
    pub max_message_update_age: Option<u32>,
}

/// `GET /api/v3/teams/{team_uid}/usage`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// The last 24 months, oldest first, empty ones too.
    pub by_months: Vec<MonthUsage>,
    /// Bytes stored now.
    pub uploads_size: u64,
    /// Bytes that may be stored.
    pub uploads_size_limit: u64,
}

/// Bytes stored in one month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MonthUsage {
    /// 1 to 12.
    pub month: u32,
    /// Bytes.
    pub uploads_size: u64,
    /// With the century.
    pub year: i32,
}
