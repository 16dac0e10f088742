//! Messages as one viewer sees them; [`MessageRecord`] is what they are rendered from.

mod change;
mod post;
mod record;

pub use change::{Change, ChangeKind};
pub use post::{EditContent, EditMessage, PostToChat};
pub use record::{MessageRecord, author_jid};

use crate::{
    Jid, Timestamp,
    upload::{Upload, UploadRecord},
};
use events::chat::ChatRef;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A message as a viewer sees it. What is optional is left out when empty or false.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The chat under the viewer's address for it: of a direct chat the other side's.
    pub chat: Jid,
    /// `direct`, `group` or `task`.
    pub chat_type: ChatType,
    /// What it says.
    pub content: MessageContent,
    /// When it was posted.
    pub created: Timestamp,
    /// Until when its author may change or delete it.
    pub editable_until: Timestamp,
    /// When it was changed or deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub edited: Option<Timestamp>,
    /// Who wrote it.
    pub from: Jid,
    /// Version, ns since 1970; grows with every change.
    pub gentime: i64,
    /// Its links have previews. None are fetched, so this is never so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub has_previews: Option<bool>,
    /// Marked as important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub important: Option<bool>,
    /// Deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_archive: Option<bool>,
    /// The first of its chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_first: Option<bool>,
    /// The newest of its chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_last: Option<bool>,
    /// Fragments to be shown as links: mentions and addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<MessageLink>,
    /// Messages it forwards: their ids in answers to v3 calls, else the messages as they were forwarded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked_messages: Vec<Reference>,
    /// The message; the client may choose it.
    pub message_id: Uuid,
    /// No link previews wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub nopreview: Option<bool>,
    /// It mentions the viewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub notice: Option<bool>,
    /// Place in the chat among those that are not deleted, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num: Option<i64>,
    /// By how many others it was seen, 100 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_received: Option<u32>,
    /// The message before it in the chat; absent on the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub prev: Option<Uuid>,
    /// What it says, as plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub push_text: Option<String>,
    /// Reactions, in the order in which they were first set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<MessageReaction>,
    /// Somebody else has seen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub received: Option<bool>,
    /// The message it answers: its id in answers to v3 calls, else the message as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reply_to: Option<Reference>,
    /// Does not count as unread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub silently: Option<bool>,
    /// The address it was sent to.
    pub to: Jid,
    /// Files that it brings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uploads: Vec<Upload>,
}

/// Kinds of chats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChatType {
    /// Two contacts.
    Direct,
    /// A group.
    Group,
    /// A task.
    Task,
}

impl ChatType {
    /// The kind of a conversation.
    pub fn of(chat: ChatRef) -> Self {
        match chat {
            ChatRef::Direct(..) => Self::Direct,
            ChatRef::Group(_) => Self::Group,
            ChatRef::Task(_) => Self::Task,
        }
    }

    /// As it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Task => "task",
        }
    }

    /// The kind that is written so.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Direct, Self::Group, Self::Task].into_iter().find(|kind| kind.word() == word)
    }
}

/// Another message that a message bears: one level, so what that one bears is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(no_recursion)]
pub enum Reference {
    /// By its id.
    Id(Uuid),
    /// Itself.
    Whole(Box<Message>),
}

/// What a message says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageContent {
    /// Of a change: who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub actor: Option<Jid>,
    /// Of a single file: it moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub animated: Option<bool>,
    /// Of a single file: absolute address of its content.
    #[serde(rename = "mediaURL", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub media_url: Option<String>,
    /// Of a single file: its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Of a change: the new value, or whom it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub new: Option<String>,
    /// Of a change: the old value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub old: Option<String>,
    /// Of a single picture: absolute address of the preview with twice the pixels.
    #[serde(rename = "preview2xURL", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preview_2x_url: Option<String>,
    /// Of a single picture: height of its preview, px.
    #[serde(rename = "previewHeight", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preview_height: Option<u32>,
    /// Of a single picture: absolute address of its preview.
    #[serde(rename = "previewURL", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preview_url: Option<String>,
    /// Of a single picture: width of its preview, px.
    #[serde(rename = "previewWidth", default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preview_width: Option<u32>,
    /// Of a single file: its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub size: Option<u64>,
    /// Always present, empty when deleted.
    pub text: String,
    /// Of a change: what has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: ContentType,
    /// Of a single file: which one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upload: Option<Uuid>,
}

impl MessageContent {
    /// A single file with a text.
    fn media(text: String, kind: ContentType, upload: Upload) -> Self {
        let preview = upload.preview;
        Self {
            animated: upload.animated,
            media_url: Some(upload.url),
            name: Some(upload.name),
            preview_height: preview.as_ref().map(|preview| preview.height),
            preview_width: preview.as_ref().map(|preview| preview.width),
            preview_2x_url: preview.as_ref().map(|preview| preview.url_2x.clone()),
            preview_url: preview.map(|preview| preview.url),
            size: Some(upload.size),
            text,
            kind,
            upload: Some(upload.uid),
            ..Self::default()
        }
    }
}

/// What a message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContentType {
    /// Text.
    #[default]
    Plain,
    /// A change of the group or its members, said by the server.
    Change,
    /// Deleted.
    Deleted,
    /// A file.
    File,
    /// A picture.
    Image,
    /// A film.
    Video,
    /// Recorded speech.
    Audiomsg,
    /// A document.
    Pdf,
}

impl ContentType {
    /// Every type, in the order of the protocol.
    pub const ALL: [Self; 8] = [
        Self::Plain,
        Self::Change,
        Self::Deleted,
        Self::File,
        Self::Image,
        Self::Video,
        Self::Audiomsg,
        Self::Pdf,
    ];

    /// As it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Change => "change",
            Self::Deleted => "deleted",
            Self::File => "file",
            Self::Image => "image",
            Self::Video => "video",
            Self::Audiomsg => "audiomsg",
            Self::Pdf => "pdf",
        }
    }

    /// The type that is written so.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Of a message that brings these files: a single one makes it what the file is.
    pub fn of(uploads: &[UploadRecord]) -> Self {
        match uploads {
            [single] => Self::from_word(single.message_type()).unwrap_or(Self::File),
            _ => Self::Plain,
        }
    }
}

/// A reaction with those who set it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageReaction {
    /// By how many it was set.
    pub counter: u32,
    /// Who set it, the first 100, oldest first.
    pub details: Vec<MessageReactionDetail>,
    /// The emoji.
    pub name: String,
}

/// Who set a reaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageReactionDetail {
    /// When.
    pub created: Timestamp,
    /// The emoji.
    pub name: String,
    /// Who.
    pub sender: Jid,
}

/// A reaction that may be set: an element of `GET /api/v4/reactions`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// The emoji.
    pub name: String,
}

/// Messages of one chat, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatMessages {
    /// The messages; `[]` behind the end.
    pub messages: Vec<Message>,
}

/// Messages of several chats, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundMessages {
    /// How many there are in all, 1000 at most.
    pub count: u64,
    /// How many were asked for.
    pub limit: u64,
    /// The messages; `[]` behind the end.
    pub messages: Vec<Message>,
    /// The same messages, for clients that look here.
    pub objects: Vec<Message>,
    /// How many were left out before them.
    pub offset: u64,
}

/// A fragment of the text and what it stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageLink {
    /// The fragment.
    pub pattern: String,
    /// What to show instead.
    pub text: String,
    /// Where it leads: `otv://{jid}`, or an address of the web.
    pub url: String,
}
