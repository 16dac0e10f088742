//! A contact: an account's membership in a team, as one viewer sees it.

mod change;

pub use change::{ChangeContact, CreateContact};

use crate::{Jid, Timestamp, icon::IconData};
use events::value::ContactStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A contact of a team as one viewer sees it. `can_*` keys are present only when true.
#[serde_with::apply(Option => #[serde(default, skip_serializing_if = "Option::is_none")] #[schema(nullable = false)])]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    /// The viewer may add the contact to groups.
    pub can_add_to_group: Option<bool>,
    /// The viewer may call the contact; absent on the viewer's own contact.
    pub can_call: Option<bool>,
    /// The viewer may assign tasks to the contact.
    pub can_create_task: Option<bool>,
    /// The viewer may remove the contact from the team; on the viewer's own contact: leave the team.
    pub can_delete: Option<bool>,
    /// The viewer may write to the contact; absent on the viewer's own contact.
    pub can_send_message: Option<bool>,
    /// Names of the fields that the viewer may change, in alphabetical order; empty when there are none.
    pub changeable_fields: Vec<String>,
    /// E-mail address that the team sees; empty when there is none.
    pub contact_email: String,
    /// Phone number that the team sees, `+` and digits; empty when there is none.
    pub contact_phone: String,
    /// Name to show; the formatted phone number while there is no name.
    pub display_name: String,
    /// Picture of the contact.
    pub icons: IconData,
    /// The contact was removed from the team.
    pub is_archive: Option<bool>,
    /// Address of the contact and of the direct chat with it.
    pub jid: Jid,
    /// Time when the contact was last seen; `null` before the first time.
    #[serde_with(skip_apply)]
    pub last_activity: Option<Timestamp>,
    /// Job title; empty when there is none.
    pub role: String,
    /// Ids of the sections that hold the contact.
    pub sections: Vec<Uuid>,
    /// Rights in the team: `guest`, `member`, `admin` or `owner`.
    #[schema(value_type = String, pattern = "^(guest|member|admin|owner)$")]
    pub status: ContactStatus,
    /// Keys added in v4.
    #[serde(flatten)]
    #[schema(value_type = LaterContact)]
    #[serde_with(skip_apply)]
    pub later: Option<LaterContact>,
    /// Keys that only the contact itself sees.
    #[serde(flatten)]
    #[schema(value_type = OwnContact)]
    #[serde_with(skip_apply)]
    pub own: Option<OwnContact>,
    /// Keys added in v4 that only the contact itself sees.
    #[serde(flatten)]
    #[schema(value_type = OwnLaterContact)]
    #[serde_with(skip_apply)]
    pub own_later: Option<OwnLaterContact>,
}

/// Keys of any contact that v4 adds.
#[serde_with::apply(Option => #[serde(default, skip_serializing_if = "Option::is_none")] #[schema(nullable = false)])]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LaterContact {
    /// The contact may add people whatever its status; shown to those who manage people.
    pub add_to_team_rights: Option<bool>,
    /// Kind of bot, `systembot` or `notebot`; absent for people.
    pub botname: Option<String>,
    /// Reason why the viewer may not write to the contact, in the server's default language.
    pub cant_send_message_reason: Option<String>,
    /// Version of the contact, in nanoseconds since 1970.
    #[schema(required = false)]
    pub gentime: i64,
    /// Short status text chosen by the contact.
    pub mood: Option<String>,
    /// Short form of the name, for narrow places.
    #[schema(required = false)]
    pub short_name: String,
}

/// Preferences that only the contact itself sees; booleans are present even when false.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OwnContact {
    /// Ctrl+Enter sends a message; Enter breaks the line.
    #[schema(required = false)]
    pub alt_send: bool,
    /// Mobile clients show contacts as a compact list.
    #[schema(required = false)]
    pub contact_mshort_view: bool,
    /// Contacts are shown as a compact list.
    #[schema(required = false)]
    pub contact_short_view: bool,
    /// Former contacts are shown.
    #[schema(required = false)]
    pub contact_show_archived: bool,
    /// Activity of contacts is shown.
    #[schema(required = false)]
    pub debug_show_activity: bool,
    /// Interface language, `ru` or `en`; `null` until chosen.
    #[schema(required = false)]
    pub default_lang: Option<String>,
    /// Last name; empty when unknown.
    #[schema(required = false)]
    pub family_name: String,
    /// First name; empty when unknown.
    #[schema(required = false)]
    pub given_name: String,
    /// Mobile clients show groups as a compact list.
    #[schema(required = false)]
    pub group_mshort_view: bool,
    /// Messages in groups send notifications.
    #[schema(required = false)]
    pub group_notifications_enabled: bool,
    /// Groups are shown as a compact list.
    #[schema(required = false)]
    pub group_short_view: bool,
    /// Mobile clients show tasks as a compact list.
    #[schema(required = false)]
    pub task_mshort_view: bool,
    /// Messages in tasks send notifications.
    #[schema(required = false)]
    pub task_notifications_enabled: bool,
    /// Tasks are shown as a compact list.
    #[schema(required = false)]
    pub task_short_view: bool,
    /// Lists show unread chats first.
    #[schema(required = false)]
    pub unread_first: bool,
}

/// Keys added in v4 that only the contact itself sees: rights that v3 shows on the team, and more preferences.
#[serde_with::apply(Option => #[serde(default, skip_serializing_if = "Option::is_none")] #[schema(nullable = false)])]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OwnLaterContact {
    /// Pushes are sent even while a client is open.
    #[schema(required = false)]
    pub always_send_pushes: bool,
    /// `*` starts a mention as `@` does.
    #[schema(required = false)]
    pub asterisk_mention: bool,
    /// The contact may add people to the team.
    pub can_add_to_team: Option<bool>,
    /// The account may create teams.
    pub can_create_team: Option<bool>,
    /// The contact may create groups.
    pub can_create_group: Option<bool>,
    /// The contact may delete messages of others.
    pub can_delete_any_message: Option<bool>,
    /// The contact may join public groups.
    pub can_join_public_groups: Option<bool>,
    /// The contact may read public tasks and write into them.
    pub can_join_public_tasks: Option<bool>,
    /// The contact may manage integrations.
    pub can_manage_integrations: Option<bool>,
    /// The contact may manage sections.
    pub can_manage_sections: Option<bool>,
    /// The contact may create and delete task tags.
    pub can_manage_tags: Option<bool>,
    /// Time until which the contact does not want to be disturbed; absent when it is over or was never set.
    #[schema(value_type = Option<crate::Timestamp>)]
    pub focus_until: Option<String>,
    /// Pushes do not show the text of messages.
    #[schema(required = false)]
    pub hide_pushes_content: bool,
    /// Mobile clients show meetings as a compact list.
    #[schema(required = false)]
    pub meeting_mshort_view: bool,
    /// Meetings send notifications.
    #[schema(required = false)]
    pub meeting_notifications_enabled: bool,
    /// Meetings are shown as a compact list.
    #[schema(required = false)]
    pub meeting_short_view: bool,
    /// Lists on mobile clients show unread chats first.
    #[schema(required = false)]
    pub munread_first: bool,
    /// Patronymic; empty when unknown.
    #[schema(required = false)]
    pub patronymic: String,
    /// Time of day when the daily silence of pushes ends, `HH:MM`; `null` when there is none.
    #[schema(required = false)]
    #[serde_with(skip_apply)]
    pub quiet_time_finish: Option<String>,
    /// Time of day when the daily silence of pushes begins, `HH:MM`; `null` when there is none.
    #[schema(required = false)]
    #[serde_with(skip_apply)]
    pub quiet_time_start: Option<String>,
    /// Reactions send notifications.
    #[schema(required = false)]
    pub reaction_notifications_enabled: bool,
    /// Messages of the system bot send notifications.
    #[schema(required = false)]
    pub systembot_notifications_enabled: bool,
    /// IANA name of a time zone; `null` until chosen.
    #[schema(required = false)]
    #[serde_with(skip_apply)]
    pub timezone: Option<String>,
}
