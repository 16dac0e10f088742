//! Addresses of chats: the jid under which one contact knows a chat.

use events::{ContactId, chat::ChatRef};
use protocol::Jid;

/// The chat that a jid names for a contact.
pub fn chat_of(viewer: ContactId, jid: Jid) -> ChatRef {
    match jid {
        Jid::Direct(other) => ChatRef::direct(viewer, other),
        Jid::Group(group) => ChatRef::Group(group),
        Jid::Task(task) => ChatRef::Task(task),
    }
}

/// The jid under which a contact knows a chat.
pub fn jid_for(viewer: ContactId, chat: ChatRef) -> Jid {
    match chat {
        ChatRef::Group(group) => Jid::Group(group),
        ChatRef::Task(task) => Jid::Task(task),
        ChatRef::Direct(a, b) => Jid::Direct(if a == viewer { b } else { a }),
    }
}
