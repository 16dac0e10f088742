//! Events that clients send over their sockets, and their parameters.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Events of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// Liveness check.
    Ping,
    /// Acknowledges a frame; parameters: [`Confirm`].
    Confirm,
    /// Reports activity at the keyboard; parameters: [`Activity`].
    Activity,
    /// Reports typing; parameters: [`Composing`].
    Composing,
    /// Marks a chat as read; parameters: [`LastRead`].
    LastRead,
    /// Posts or edits a message; parameters: [`PostMessage`].
    MessageUpdated,
    /// Deletes a message; parameters: [`DeleteMessage`].
    MessageDeleted,
}

impl ClientEvent {
    /// All events.
    pub const ALL: [Self; 7] = [
        Self::Ping,
        Self::Confirm,
        Self::Activity,
        Self::Composing,
        Self::LastRead,
        Self::MessageUpdated,
        Self::MessageDeleted,
    ];

    /// The event of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }

    /// The name in the envelope.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ping => "client.ping",
            Self::Confirm => "client.confirm",
            Self::Activity => "client.activity",
            Self::Composing => "client.chat.composing",
            Self::LastRead => "client.chat.lastread",
            Self::MessageUpdated => "client.message.updated",
            Self::MessageDeleted => "client.message.deleted",
        }
    }

    /// Summary for the documentation.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Ping => "Check that the connection is alive; answered by `server.confirm`.",
            Self::Confirm => "Acknowledge a frame that has a `confirm_id`.",
            Self::Activity => "Report that the user went away from the keyboard or came back.",
            Self::Composing => "Report that the user started or stopped typing.",
            Self::LastRead => "Mark a chat as read.",
            Self::MessageUpdated => "Post a message, or edit the caller's own one.",
            Self::MessageDeleted => "Delete a message.",
        }
    }
}

/// Prefix of the names of call events; calls are not offered.
pub const CALLS: &str = "client.call.";

/// Parameters of `client.message.updated`: posts a message, or edits the caller's own one with this `message_id`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct PostMessage {
    /// Address of the chat.
    pub to: String,
    /// Content of the message.
    pub content: PostContent,
    /// UUID of the message, chosen by the client.
    pub message_id: Option<String>,
    /// Id of the quoted message.
    pub reply_to: Option<String>,
    /// Ids of messages to forward.
    pub linked_messages: Option<Vec<String>>,
    /// Marks the message as important.
    pub important: Option<bool>,
    /// Links are to be shown without previews.
    pub nopreview: Option<bool>,
    /// Old clients only: text beside forwarded messages when `content.text` is empty.
    pub comment: Option<String>,
    /// The message does not count as unread.
    pub silently: Option<bool>,
    /// Ids of the author's files to attach.
    pub uploads: Option<Vec<String>>,
}

/// Content of a message that a client posts.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct PostContent {
    /// Text of the message.
    pub text: String,
    /// Type of the content; only `plain` is accepted.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// Parameters of `client.message.deleted`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct DeleteMessage {
    /// Id of the message.
    pub message_id: String,
}

/// Parameters of `client.chat.lastread`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct LastRead {
    /// Address of the chat.
    pub jid: String,
    /// Id of the last message read; the newest one when absent.
    pub last_read_message_id: Option<String>,
}

/// Parameters of `client.chat.composing`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Composing {
    /// Address of the chat.
    pub jid: String,
    /// `true` when typing started; stopped when absent.
    pub composing: Option<bool>,
    /// The user is recording a voice message.
    pub is_audio: Option<bool>,
}

/// Parameters of `client.activity`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Activity {
    /// The user is away from the keyboard.
    pub afk: Option<bool>,
}

/// Parameters of `client.confirm`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Confirm {
    /// `confirm_id` of the frame to acknowledge.
    pub confirm_id: Value,
}
