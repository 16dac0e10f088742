//! A person within a team (`protocol.md` 4.2): 15 keys of another person as an owner sees it, 28 of oneself.

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
    /// What only oneself sees.
    #[serde(flatten)]
    #[schema(value_type = OwnContact)]
    pub own: Option<OwnContact>,
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
