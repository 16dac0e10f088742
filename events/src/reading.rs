//! Facts about how a contact keeps a conversation for itself: how far it has read it, how it wants to see it, what it
//! has begun to write there.

use crate::{ContactId, MessageId, Personal, TeamId, chat::ChatRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything up to a message has been read; the last such fact wins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Marked {
    /// Where.
    pub team: TeamId,
    /// In which conversation.
    pub chat: ChatRef,
    /// By whom.
    pub contact: ContactId,
    /// The last message read.
    pub message: MessageId,
}

/// How a contact wants to see a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnSettings {
    /// Above the others.
    pub pinned: bool,
    /// Its place among those.
    pub pinned_sort_ordering: i32,
    /// Out of the list.
    pub hidden: bool,
    /// Pushes are on.
    pub notifications_enabled: bool,
    /// What is unread in it counts.
    pub counters_enabled: bool,
    /// The description is folded.
    pub collapsed: bool,
    /// On the main screen; none: as its kind has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<bool>,
}

impl Default for OwnSettings {
    /// What holds until something else is said.
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

/// A contact wants to see a conversation otherwise; the result is given whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsChanged {
    /// Where.
    pub team: TeamId,
    /// Which conversation.
    pub chat: ChatRef,
    /// Who.
    pub contact: ContactId,
    /// The settings after the change.
    pub settings: OwnSettings,
}

/// A contact has begun to write something, or has thrown it away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftSaved {
    /// Where.
    pub team: TeamId,
    /// In which conversation.
    pub chat: ChatRef,
    /// Who.
    pub contact: ContactId,
    /// The text so far, empty for none.
    pub text: Personal<String>,
}
