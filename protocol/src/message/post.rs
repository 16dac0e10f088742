//! Requests about messages: `POST …/chats/{jid}/messages` and `POST`, `PUT …/messages/{id}`.

use serde::Deserialize;
use utoipa::ToSchema;

/// Request to post a message.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct PostToChat {
    /// Type of the content; only `plain` is accepted.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Text of the message; may be absent when messages are forwarded or files attached.
    pub text: Option<String>,
    /// UUID chosen by the client: posting again with it returns the stored message.
    pub message_id: Option<String>,
    /// Ids of messages to forward.
    pub linked_messages: Option<Vec<String>>,
    /// Id of the quoted message, of the same chat.
    pub reply_to: Option<String>,
    /// Marks the message as important.
    pub important: Option<bool>,
    /// Links are to be shown without previews.
    pub nopreview: Option<bool>,
    /// The message does not count as unread.
    pub silently: Option<bool>,
    /// Ids of the author's files to attach.
    pub uploads: Option<Vec<String>>,
}

/// Request to edit a message; absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct EditMessage {
    /// New text of the message.
    pub text: Option<String>,
    /// New text of the message, in the shape in which messages are shown.
    pub content: Option<EditContent>,
    /// Marks the message as important.
    pub important: Option<bool>,
    /// Links are to be shown without previews.
    pub nopreview: Option<bool>,
}

/// New content of a message.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct EditContent {
    /// New text of the message.
    pub text: Option<String>,
}
