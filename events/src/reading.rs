//! Events of one contact in one chat: read mark, own settings, draft.

use crate::{ContactId, MessageId, Personal, TeamId, chat::ChatRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A contact has read up to a message. The last mark counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Marked {
    /// Team of the chat.
    pub team: TeamId,
    /// Chat.
    pub chat: ChatRef,
    /// Contact that read.
    pub contact: ContactId,
    /// Last message that was read.
    pub message: MessageId,
}

/// A contact's own settings for a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnSettings {
    /// Pinned above other chats.
    pub pinned: bool,
    /// Order among pinned chats, ascending.
    pub pinned_sort_ordering: i32,
    /// Hidden from the list.
    pub hidden: bool,
    /// Whether pushes are on.
    pub notifications_enabled: bool,
    /// Whether unread messages count in totals.
    pub counters_enabled: bool,
    /// Whether the description is collapsed.
    pub collapsed: bool,
    /// Whether the chat is on the main screen; absent: the default of its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<bool>,
}

impl Default for OwnSettings {
    /// The settings of a chat that a contact never changed.
    fn default() -> Self {
        Self {
            pinned: false,
            pinned_sort_ordering: 0,
            hidden: false,
            notifications_enabled: true,
            counters_enabled: true,
            collapsed: false,
            feed: None,
        }
    }
}

/// A contact changed its own settings for a chat; holds all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsChanged {
    /// Team of the chat.
    pub team: TeamId,
    /// Chat.
    pub chat: ChatRef,
    /// Contact.
    pub contact: ContactId,
    /// All settings after the change.
    pub settings: OwnSettings,
}

/// A contact saved a draft, or discarded it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftSaved {
    /// Team of the chat.
    pub team: TeamId,
    /// Chat.
    pub chat: ChatRef,
    /// Contact.
    pub contact: ContactId,
    /// Text of the draft; empty: discarded.
    pub text: Personal<String>,
}
