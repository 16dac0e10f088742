//! Kinds of chats.

use events::chat::ChatRef;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Kinds of chats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChatType {
    /// A chat of two contacts.
    Direct,
    /// A group.
    Group,
    /// A task.
    Task,
}

impl ChatType {
    /// The kind of a chat.
    pub fn of(chat: ChatRef) -> Self {
        match chat {
            ChatRef::Direct(..) => Self::Direct,
            ChatRef::Group(_) => Self::Group,
            ChatRef::Task(_) => Self::Task,
        }
    }

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Task => "task",
        }
    }

    /// The kind that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Direct, Self::Group, Self::Task].into_iter().find(|kind| kind.word() == word)
    }
}
