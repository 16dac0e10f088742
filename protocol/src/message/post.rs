//! What clients send: `POST …/chats/{jid}/messages` and `POST`, `PUT …/messages/{id}`.

use serde::Deserialize;
use utoipa::ToSchema;

/// A new message.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct PostToChat {
    /// `plain`.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// What it says; may be left out when messages are forwarded or files come along.
    #[serde(default)]
    pub text: Option<String>,
    /// Chosen by the client: the same message sent again is not posted again.
    #[serde(default)]
    pub message_id: Option<String>,
    /// Messages it forwards.
    #[serde(default)]
    pub linked_messages: Option<Vec<String>>,
    /// The message it answers, of the same chat.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// Marked as important.
    #[serde(default)]
    pub important: Option<bool>,
    /// No link previews wanted.
    #[serde(default)]
    pub nopreview: Option<bool>,
    /// It does not count as unread.
    #[serde(default)]
    pub silently: Option<bool>,
    /// Files of its author that it brings.
    #[serde(default)]
    pub uploads: Option<Vec<String>>,
}

/// A message as its author wants it now; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct EditMessage {
    /// What it says.
    #[serde(default)]
    pub text: Option<String>,
    /// The same, as a message has it.
    #[serde(default)]
    pub content: Option<EditContent>,
    /// Marked as important.
    #[serde(default)]
    pub important: Option<bool>,
    /// No link previews wanted.
    #[serde(default)]
    pub nopreview: Option<bool>,
}

/// The content of a message as its author wants it now.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct EditContent {
    /// What it says.
    #[serde(default)]
    pub text: Option<String>,
}
