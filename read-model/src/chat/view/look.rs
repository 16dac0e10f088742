//! Parts that the views of all conversations share, and the viewer's own settings.

use crate::{chat_address::jid_for, rights::Viewer};
use chrono::{DateTime, Utc};
use domain::{
    chat::fields,
    policy::{self, Action},
};
use events::{chat::ChatRef, reading::OwnSettings};
use protocol::{
    chat::Chat,
    icon::IconData,
    lang::{Lang, ReadOnlyReason},
    message::{ChatType, Message},
};
use sqlx::{Row, postgres::PgRow};

/// Own settings, as they are kept.
pub(super) const OWN: &str = "o.pinned, o.pinned_sort_ordering, o.hidden, o.notifications_enabled, o.counters_enabled, \
    o.collapsed, o.feed, o.draft, o.draft_num, o.draft_gentime";

/// Columns that all conversations have.
pub(super) struct View {
    pub(super) chat: ChatRef,
    pub(super) viewer: Viewer,
    pub(super) member: bool,
    pub(super) manages: bool,
    pub(super) may_write: bool,
    pub(super) can_join: bool,
    pub(super) display_name: String,
    pub(super) icons: IconData,
    pub(super) created: DateTime<Utc>,
    pub(super) last_activity: DateTime<Utc>,
    pub(super) base_gentime: i64,
    pub(super) gentime: i64,
    pub(super) own: Own,
    pub(super) last_message: Option<Box<Message>>,
}

impl View {
    /// The conversation without what only groups have.
    pub(super) fn bare(self) -> Chat {
        let kind = ChatType::of(self.chat);
        let Own { settings, draft, draft_num, draft_gentime } = self.own;
        let (member, manages) = (self.member, self.manages);
        let drafted = draft_num > 0;
        let any = kind != ChatType::Direct && policy::may(self.viewer.status, Action::DeleteAnyMessage);
        Chat {
            autocleanup_age: None,
            base_gentime: self.base_gentime,
            can_add_member: flag(manages),
            can_change_member_status: flag(manages),
            can_change_settings: flag(manages),
            can_delete: flag(manages),
            can_delete_any_message: flag(member && any),
            can_join: flag(self.can_join),
            can_remove_member: flag(manages),
            can_send_message: flag(self.may_write),
            cant_send_message_reason: (!self.may_write)
                .then(|| ReadOnlyReason::of(self.chat, member).render(Lang::default()).to_owned()),
            changeable_fields: fields::changeable(member, manages).into_iter().map(str::to_owned).collect(),
            chat_type: kind,
            collapsed: flag(settings.collapsed),
            counters_enabled: flag(member && settings.counters_enabled),
            created: self.created.into(),
            default_for_all: None,
            description: None,
            display_name: self.display_name,
            draft: Some(draft).filter(|text| !text.is_empty()),
            draft_gentime: drafted.then_some(draft_gentime),
            draft_num: drafted.then_some(draft_num),
            feed: flag(member && settings.feed.unwrap_or(kind != ChatType::Task)),
            gentime: self.gentime,
            hidden: flag(settings.hidden),
            icons: self.icons,
            jid: jid_for(self.viewer.contact, self.chat),
            last_activity: self.last_activity.into(),
            last_message: self.last_message,
            last_read_message_id: None,
            members: None,
            notifications_enabled: flag(member && settings.notifications_enabled),
            num_importants: None,
            num_members: None,
            num_unread: 0,
            num_unread_notices: 0,
            pinned: flag(settings.pinned),
            pinned_message: None,
            pinned_sort_ordering: settings.pinned.then_some(settings.pinned_sort_ordering),
            public: None,
            readonly_for_members: None,
            status: None,
            assignee: None,
            color_index: None,
            complexity: None,
            custom_color_index: None,
            deadline: None,
            deadline_expired: None,
            done: None,
            done_reason: None,
            importance: None,
            items: None,
            links: None,
            linked_messages: None,
            num: None,
            num_checked_items: None,
            num_items: None,
            observers: None,
            owner: None,
            parents: None,
            remind_at: None,
            section: None,
            spent_time: None,
            tabs: None,
            tags: None,
            task_status: None,
            title: None,
            uploads: None,
            urgency: None,
        }
    }
}

/// The viewer's own settings of a conversation.
#[derive(Default)]
pub(super) struct Own {
    settings: OwnSettings,
    draft: String,
    draft_num: i64,
    draft_gentime: i64,
}

impl Own {
    /// From [`OWN`].
    pub(super) fn of(row: &PgRow) -> Self {
        let Some(pinned) = row.get::<Option<bool>, _>("pinned") else { return Self::default() };
        Self {
            settings: OwnSettings {
                pinned,
                pinned_sort_ordering: row.get("pinned_sort_ordering"),
                hidden: row.get("hidden"),
                notifications_enabled: row.get("notifications_enabled"),
                counters_enabled: row.get("counters_enabled"),
                collapsed: row.get("collapsed"),
                feed: row.get("feed"),
            },
            draft: row.get("draft"),
            draft_num: row.get("draft_num"),
            draft_gentime: row.get("draft_gentime"),
        }
    }
}

pub(super) fn flag(is: bool) -> Option<bool> {
    is.then_some(true)
}
