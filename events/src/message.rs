//! Events of one message.

use crate::{ContactId, IntegrationId, MessageId, MessageKey, Personal, TeamId, UploadId, chat::ChatRef};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Author of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// A contact of the team.
    Contact(ContactId),
    /// An integration, through its API key.
    Integration(IntegrationId),
}

/// A message was posted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Posted {
    /// The message.
    pub message: MessageId,
    /// Team of the chat.
    pub team: TeamId,
    /// Chat that it was posted to.
    pub chat: ChatRef,
    /// Author.
    pub author: Author,
    /// Text.
    pub text: Personal<String>,
    /// Whether it is marked as important.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub important: bool,
    /// Whether the author wants no link previews.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nopreview: bool,
    /// Whether it was posted silently: it does not count as unread.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silently: bool,
    /// Message that it replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Messages that it forwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked_messages: Vec<MessageId>,
    /// Files attached to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uploads: Vec<UploadId>,
    /// Time until which its author may edit or delete it.
    pub editable_until: DateTime<Utc>,
}

impl Posted {
    /// Team and id of the message.
    pub fn key(&self) -> MessageKey {
        MessageKey { team: self.team, message: self.message }
    }
}

/// The author edited the message; holds all editable fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Edited {
    /// Text after the edit.
    pub text: Personal<String>,
    /// Whether it is marked as important after the edit.
    pub important: bool,
    /// Whether the author wants no link previews after the edit.
    pub nopreview: bool,
}

/// The message was deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deleted {
    /// Contact that deleted it; absent in events of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ContactId>,
}

/// A contact reacted to the message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReactionSet {
    /// Contact.
    pub contact: ContactId,
    /// Emoji.
    pub name: String,
}

/// A contact took a reaction back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReactionRemoved {
    /// Contact.
    pub contact: ContactId,
    /// Emoji.
    pub name: String,
}
