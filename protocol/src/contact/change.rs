//! Requests about a contact: `POST …/contacts`, `PUT` and `POST …/contacts/{contact_jid}`.

use serde::Deserialize;
use utoipa::ToSchema;

/// Request to add a person to the team by phone number.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateContact {
    /// Phone number of the person, in any notation.
    pub phone: String,
    /// First name.
    pub given_name: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// Patronymic.
    pub patronymic: Option<String>,
    /// E-mail address that the team sees.
    pub contact_email: Option<String>,
    /// Phone number that the team sees, in any notation; absent to show the number of the account.
    pub contact_phone: Option<String>,
    /// Short status text.
    pub mood: Option<String>,
    /// Job title.
    pub role: Option<String>,
    /// Rights in the team; `member` when absent.
    pub status: Option<String>,
    /// Ids of the sections that hold the contact.
    pub sections: Option<Vec<String>>,
}

/// Request to change a contact; absent fields stay as they are. `changeable_fields` of the contact lists the fields
/// that may be sent.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeContact {
    /// The contact may add people whatever its status.
    pub add_to_team_rights: Option<bool>,
    /// E-mail address that the team sees; empty for none.
    pub contact_email: Option<String>,
    /// Phone number that the team sees, in any notation; empty for none.
    pub contact_phone: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// First name.
    pub given_name: Option<String>,
    /// Short status text; empty for none.
    pub mood: Option<String>,
    /// Patronymic.
    pub patronymic: Option<String>,
    /// Job title; empty for none.
    pub role: Option<String>,
    /// Id of the only section that holds the contact; empty for none. Short for `sections` with one element.
    pub section: Option<String>,
    /// Ids of all sections that hold the contact.
    pub sections: Option<Vec<String>>,
    /// Rights in the team: one of the team's `changeable_statuses`.
    pub status: Option<String>,
    /// Ctrl+Enter sends a message; Enter breaks the line.
    pub alt_send: Option<bool>,
    /// Pushes are sent even while a client is open.
    pub always_send_pushes: Option<bool>,
    /// `*` starts a mention as `@` does.
    pub asterisk_mention: Option<bool>,
    /// Mobile clients show contacts as a compact list.
    pub contact_mshort_view: Option<bool>,
    /// Contacts are shown as a compact list.
    pub contact_short_view: Option<bool>,
    /// Former contacts are shown.
    pub contact_show_archived: Option<bool>,
    /// Activity of contacts is shown.
    pub debug_show_activity: Option<bool>,
    /// Mobile clients show groups as a compact list.
    pub group_mshort_view: Option<bool>,
    /// Messages in groups send notifications.
    pub group_notifications_enabled: Option<bool>,
    /// Groups are shown as a compact list.
    pub group_short_view: Option<bool>,
    /// Pushes do not show the text of messages.
    pub hide_pushes_content: Option<bool>,
    /// Mobile clients show meetings as a compact list.
    pub meeting_mshort_view: Option<bool>,
    /// Meetings send notifications.
    pub meeting_notifications_enabled: Option<bool>,
    /// Meetings are shown as a compact list.
    pub meeting_short_view: Option<bool>,
    /// Lists on mobile clients show unread chats first.
    pub munread_first: Option<bool>,
    /// Reactions send notifications.
    pub reaction_notifications_enabled: Option<bool>,
    /// Messages of the system bot send notifications.
    pub systembot_notifications_enabled: Option<bool>,
    /// Mobile clients show tasks as a compact list.
    pub task_mshort_view: Option<bool>,
    /// Messages in tasks send notifications.
    pub task_notifications_enabled: Option<bool>,
    /// Tasks are shown as a compact list.
    pub task_short_view: Option<bool>,
    /// Lists show unread chats first.
    pub unread_first: Option<bool>,
    /// Interface language: `ru`, `en`, or empty for none.
    pub default_lang: Option<String>,
    /// Time until which the contact does not want to be disturbed, RFC 3339; empty for none.
    pub focus_until: Option<String>,
    /// Time of day when the daily silence of pushes ends, `HH:MM`; empty for none.
    pub quiet_time_finish: Option<String>,
    /// Time of day when the daily silence of pushes begins, `HH:MM`; empty for none.
    pub quiet_time_start: Option<String>,
    /// IANA name of a time zone; empty for none.
    pub timezone: Option<String>,
}
