//! Facts about one message.

use crate::{ContactId, IntegrationId, MessageId, Personal, TeamId, UploadId, chat::ChatRef};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// A person.
    Contact(ContactId),
    /// A program, through an integration's key.
    Integration(IntegrationId),
}

/// A message was posted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Posted {
    /// The message.
    pub message: MessageId,
    /// Where.
    pub team: TeamId,
    /// In which conversation.
    pub chat: ChatRef,
    /// By whom.
    pub author: Author,
    /// The text.
    pub text: Personal<String>,
    /// Marked as important.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub important: bool,
    /// No link previews wanted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nopreview: bool,
    /// Nobody is alarmed: it does not count as unread.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silently: bool,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Messages it forwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked_messages: Vec<MessageId>,
    /// Files that it brings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uploads: Vec<UploadId>,
    /// Until when its author may change or delete it.
    pub editable_until: DateTime<Utc>,
}

/// Its author changed it; the result is given whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Edited {
    /// The text after the change.
    pub text: Personal<String>,
    /// Marked as important, after the change.
    pub important: bool,
    /// No link previews wanted, after the change.
    pub nopreview: bool,
}

/// It was deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deleted {
    /// Who did it; not told of those that were deleted before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ContactId>,
}

/// Somebody reacted to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReactionSet {
    /// Who.
    pub contact: ContactId,
    /// The emoji.
    pub name: String,
}

/// Somebody took a reaction back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReactionRemoved {
    /// Who.
    pub contact: ContactId,
    /// The emoji.
    pub name: String,
}
