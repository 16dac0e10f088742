//! What clients send of a contact: `POST …/contacts`, `PUT` and `POST …/contacts/{contact_jid}`.

use serde::Deserialize;
use utoipa::ToSchema;

/// `POST /api/v4/teams/{team_uid}/contacts`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateContact {
    /// In any spelling.
    pub phone: String,
    /// First name.
    #[serde(default)]
    pub given_name: Option<String>,
    /// Last name.
    #[serde(default)]
    pub family_name: Option<String>,
    /// Name after the father.
    #[serde(default)]
    pub patronymic: Option<String>,
    /// E-mail that the team sees.
    #[serde(default)]
    pub contact_email: Option<String>,
    /// Phone that the team sees, in any spelling, where it is another one.
    #[serde(default)]
    pub contact_phone: Option<String>,
    /// A word on how they are.
    #[serde(default)]
    pub mood: Option<String>,
    /// Job title.
    #[serde(default)]
    pub role: Option<String>,
    /// `member` unless said otherwise.
    #[serde(default)]
    pub status: Option<String>,
    /// Sections to put it into.
    #[serde(default)]
    pub sections: Option<Vec<String>>,
}

/// `PUT /api/v4/teams/{team_uid}/contacts/{contact_jid}`: only what is sent changes. Which of the fields may be sent says
/// the contact's `changeable_fields`.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeContact {
    /// May add people whatever its status.
    pub add_to_team_rights: Option<bool>,
    /// E-mail that the team sees.
    pub contact_email: Option<String>,
    /// Phone that the team sees, in any spelling; empty for none.
    pub contact_phone: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// First name.
    pub given_name: Option<String>,
    /// A word on how they are.
    pub mood: Option<String>,
    /// Name after the father.
    pub patronymic: Option<String>,
    /// Job title.
    pub role: Option<String>,
    /// One section, or none if empty: as `sections` with one element.
    pub section: Option<String>,
    /// Sections, all of them.
    pub sections: Option<Vec<String>>,
    /// Rights: one of the team's `changeable_statuses`.
    pub status: Option<String>,
    /// Ctrl+Enter sends.
    pub alt_send: Option<bool>,
    /// Push also while a client is open.
    pub always_send_pushes: Option<bool>,
    /// `*` mentions as `@` does.
    pub asterisk_mention: Option<bool>,
    /// Compact list, mobile.
    pub contact_mshort_view: Option<bool>,
    /// Compact list.
    pub contact_short_view: Option<bool>,
    /// Show former contacts.
    pub contact_show_archived: Option<bool>,
    /// Show activity.
    pub debug_show_activity: Option<bool>,
    /// Compact list, mobile.
    pub group_mshort_view: Option<bool>,
    /// Notify of group messages.
    pub group_notifications_enabled: Option<bool>,
    /// Compact list.
    pub group_short_view: Option<bool>,
    /// Pushes do not show the text.
    pub hide_pushes_content: Option<bool>,
    /// Compact list of meetings, mobile.
    pub meeting_mshort_view: Option<bool>,
    /// Notify of meetings.
    pub meeting_notifications_enabled: Option<bool>,
    /// Compact list of meetings.
    pub meeting_short_view: Option<bool>,
    /// Unread chats first, mobile.
    pub munread_first: Option<bool>,
    /// Notify of reactions.
    pub reaction_notifications_enabled: Option<bool>,
    /// Notify of what the system says.
    pub systembot_notifications_enabled: Option<bool>,
    /// Compact list, mobile.
    pub task_mshort_view: Option<bool>,
    /// Notify of tasks.
    pub task_notifications_enabled: Option<bool>,
    /// Compact list.
    pub task_short_view: Option<bool>,
    /// Unread chats first.
    pub unread_first: Option<bool>,
    /// Interface language: `ru`, `en`, or empty.
    pub default_lang: Option<String>,
    /// Does not want to be disturbed until then: RFC 3339, or empty.
    pub focus_until: Option<String>,
    /// `HH:MM`, or empty.
    pub quiet_time_finish: Option<String>,
    /// `HH:MM`, or empty.
    pub quiet_time_start: Option<String>,
    /// Name of a time zone, or empty.
    pub timezone: Option<String>,
}
