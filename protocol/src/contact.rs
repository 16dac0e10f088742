//! A person within a team: 15 keys of another person as an owner sees it, 28 of oneself.

mod change;

pub use change::{ChangeContact, CreateContact};

use crate::{Jid, Timestamp, icon::IconData};
use events::value::ContactStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A contact as one viewer sees it. `can_*` are present only when true.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    /// The viewer may add it to groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_add_to_group: Option<bool>,
    /// The viewer may call it; absent on oneself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_call: Option<bool>,
    /// The viewer may give it tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_create_task: Option<bool>,
    /// The viewer may remove it; of oneself: leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_delete: Option<bool>,
    /// The viewer may write to it; absent on oneself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_send_message: Option<bool>,
    /// Names of the fields that the viewer may change, alphabetically; empty for none.
    pub changeable_fields: Vec<String>,
    /// As the team sees it, empty for none.
    pub contact_email: String,
    /// As the team sees it, `+` and digits.
    pub contact_phone: String,
    /// Shown name; the formatted phone when there are no names.
    pub display_name: String,
    /// Picture.
    pub icons: IconData,
    /// Removed from the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_archive: Option<bool>,
    /// Address.
    pub jid: Jid,
    /// `null` until first seen.
    pub last_activity: Option<Timestamp>,
    /// Job title, empty for none.
    pub role: String,
    /// Sections that it is in.
    pub sections: Vec<Uuid>,
    /// Rights in the team.
    #[schema(value_type = String, pattern = "^(guest|member|admin|owner)$")]
    pub status: ContactStatus,
    /// What later versions of the API tell of anybody.
    #[serde(flatten)]
    #[schema(value_type = LaterContact)]
    pub later: Option<LaterContact>,
    /// What only oneself sees.
    #[serde(flatten)]
    #[schema(value_type = OwnContact)]
    pub own: Option<OwnContact>,
    /// What later versions of the API tell oneself.
    #[serde(flatten)]
    #[schema(value_type = OwnLaterContact)]
    pub own_later: Option<OwnLaterContact>,
}

/// What later versions of the API tell of anybody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LaterContact {
    /// It may add people whatever its status; told to those who manage people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub add_to_team_rights: Option<bool>,
    /// `systembot` or `notebot`; left out of people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub botname: Option<String>,
    /// Why the viewer may not write to it, in the server's default language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cant_send_message_reason: Option<String>,
    /// Version, ns since 1970.
    #[schema(required = false)]
    pub gentime: i64,
    /// A word on how they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub mood: Option<String>,
    /// For narrow places.
    #[schema(required = false)]
    pub short_name: String,
}

/// What only oneself sees of one's own contact; the switches are present even when false.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OwnContact {
    /// Ctrl+Enter sends.
    #[schema(required = false)]
    pub alt_send: bool,
    /// Compact list, mobile.
    #[schema(required = false)]
    pub contact_mshort_view: bool,
    /// Compact list.
    #[schema(required = false)]
    pub contact_short_view: bool,
    /// Show former contacts.
    #[schema(required = false)]
    pub contact_show_archived: bool,
    /// Show activity.
    #[schema(required = false)]
    pub debug_show_activity: bool,
    /// Interface language, `null` until chosen.
    #[schema(required = false)]
    pub default_lang: Option<String>,
    /// Last name.
    #[schema(required = false)]
    pub family_name: String,
    /// First name.
    #[schema(required = false)]
    pub given_name: String,
    /// Compact list, mobile.
    #[schema(required = false)]
    pub group_mshort_view: bool,
    /// Notify of group messages.
    #[schema(required = false)]
    pub group_notifications_enabled: bool,
    /// Compact list.
    #[schema(required = false)]
    pub group_short_view: bool,
    /// Compact list, mobile.
    #[schema(required = false)]
    pub task_mshort_view: bool,
    /// Notify of tasks.
    #[schema(required = false)]
    pub task_notifications_enabled: bool,
    /// Compact list.
    #[schema(required = false)]
    pub task_short_view: bool,
    /// Unread chats first.
    #[schema(required = false)]
    pub unread_first: bool,
}

/// What later versions of the API tell oneself: rights that once were the team's, and more preferences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OwnLaterContact {
    /// Push also while a client is open.
    #[schema(required = false)]
    pub always_send_pushes: bool,
    /// `*` mentions as `@` does.
    #[schema(required = false)]
    pub asterisk_mention: bool,
    /// May add people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_add_to_team: Option<bool>,
    /// May make teams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_create_team: Option<bool>,
    /// May make groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_create_group: Option<bool>,
    /// May delete anybody's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_delete_any_message: Option<bool>,
    /// May join public groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_join_public_groups: Option<bool>,
    /// May read public tasks and write into them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_join_public_tasks: Option<bool>,
    /// May manage integrations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_manage_integrations: Option<bool>,
    /// May manage sections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_manage_sections: Option<bool>,
    /// May make and remove tags of tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub can_manage_tags: Option<bool>,
    /// Does not want to be disturbed until then; left out when it does not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<crate::Timestamp>)]
    pub focus_until: Option<String>,
    /// Pushes do not show the text.
    #[schema(required = false)]
    pub hide_pushes_content: bool,
    /// Compact list of meetings, mobile.
    #[schema(required = false)]
    pub meeting_mshort_view: bool,
    /// Notify of meetings.
    #[schema(required = false)]
    pub meeting_notifications_enabled: bool,
    /// Compact list of meetings.
    #[schema(required = false)]
    pub meeting_short_view: bool,
    /// Unread chats first, mobile.
    #[schema(required = false)]
    pub munread_first: bool,
    /// Name after the father.
    #[schema(required = false)]
    pub patronymic: String,
    /// No pushes until this time of day, `HH:MM`; `null` for none.
    #[schema(required = false)]
    pub quiet_time_finish: Option<String>,
    /// No pushes from this time of day on, `HH:MM`; `null` for none.
    #[schema(required = false)]
    pub quiet_time_start: Option<String>,
    /// Notify of reactions.
    #[schema(required = false)]
    pub reaction_notifications_enabled: bool,
    /// Notify of what the system says.
    #[schema(required = false)]
    pub systembot_notifications_enabled: bool,
    /// Name of a time zone, `null` until chosen.
    #[schema(required = false)]
    pub timezone: Option<String>,
}
