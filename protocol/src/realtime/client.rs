//! What clients say over their sockets: the one list of events, and their parameters.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Everything clients say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// Are you there?
    Ping,
    /// [`Confirm`]
    Confirm,
    /// [`Activity`]
    Activity,
    /// [`Composing`]
    Composing,
    /// [`LastRead`]
    LastRead,
    /// [`PostMessage`]
    MessageUpdated,
    /// [`DeleteMessage`]
    MessageDeleted,
}

impl ClientEvent {
    /// All of them.
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

    /// The name in an envelope.
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

    /// What it says, in a sentence.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Ping => "Are you there? Answered by `server.confirm`.",
            Self::Confirm => "A frame with a `confirm_id` came.",
            Self::Activity => "The user went away from the keyboard, or came back.",
            Self::Composing => "The user is typing, or stopped.",
            Self::LastRead => "The user has read a chat.",
            Self::MessageUpdated => "Posts a message, or edits one.",
            Self::MessageDeleted => "Deletes a message.",
        }
    }
}

/// What the names of events about calls begin with; calls are not offered.
pub const CALLS: &str = "client.call.";

/// `client.message.updated`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct PostMessage {
    /// To whom.
    pub to: String,
    /// What.
    pub content: PostContent,
    /// Chosen by the client.
    #[serde(default)]
    pub message_id: Option<String>,
    /// The message it answers.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// Messages it forwards.
    #[serde(default)]
    pub linked_messages: Option<Vec<String>>,
    /// Marked as important.
    #[serde(default)]
    pub important: Option<bool>,
    /// No link previews wanted.
    #[serde(default)]
    pub nopreview: Option<bool>,
    /// Old clients: the text beside forwarded messages, where `content.text` is empty.
    #[serde(default)]
    pub comment: Option<String>,
    /// It does not count as unread.
    #[serde(default)]
    pub silently: Option<bool>,
    /// Files of its author that it brings.
    #[serde(default)]
    pub uploads: Option<Vec<String>>,
}

/// What a client may say.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct PostContent {
    /// The text.
    pub text: String,
    /// `plain`.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
}

/// `client.message.deleted`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct DeleteMessage {
    /// Which one.
    pub message_id: String,
}

/// `client.chat.lastread`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct LastRead {
    /// The chat.
    pub jid: String,
    /// Absent: the newest.
    #[serde(default)]
    pub last_read_message_id: Option<String>,
}

/// `client.chat.composing`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Composing {
    /// The chat.
    pub jid: String,
    /// Absent: stopped.
    #[serde(default)]
    pub composing: Option<bool>,
    /// Recording a voice message.
    #[serde(default)]
    pub is_audio: Option<bool>,
}

/// `client.activity`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Activity {
    /// Away from the keyboard.
    #[serde(default)]
    pub afk: Option<bool>,
}

/// `client.confirm`
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Confirm {
    /// Of which frame.
    pub confirm_id: Value,
}
