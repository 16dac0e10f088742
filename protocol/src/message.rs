//! Messages as one viewer sees them; [`MessageRecord`] is the form from which they are rendered.

mod change;
mod post;
mod record;

pub use crate::chat_type::ChatType;
pub use change::{Change, ChangeKind};
pub use post::{EditContent, EditMessage, PostToChat};
pub use record::{MessageRecord, author_jid};

use crate::{
    Jid, Timestamp,
    upload::{Upload, UploadRecord},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A message as one viewer sees it. Optional keys are absent when empty or false.
#[serde_with::apply(Option => #[serde(default, skip_serializing_if = "Option::is_none")] #[schema(nullable = false)])]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Address of the chat as the viewer names it: in a direct chat the other contact's.
    pub chat: Jid,
    /// Kind of the chat: `direct`, `group` or `task`.
    pub chat_type: ChatType,
    /// Content of the message.
    pub content: MessageContent,
    /// Time of posting.
    pub created: Timestamp,
    /// Time until which the author may edit or delete the message.
    pub editable_until: Timestamp,
    /// Time of the last edit or of the deletion.
    pub edited: Option<Timestamp>,
    /// Address of the author.
    pub from: Jid,
    /// Version of the message, in nanoseconds since 1970; grows with every change.
    pub gentime: i64,
    /// The links of the message have previews; always absent, the server fetches none.
    pub has_previews: Option<bool>,
    /// The message is marked as important.
    pub important: Option<bool>,
    /// The message was deleted.
    pub is_archive: Option<bool>,
    /// The message is the first one of its chat.
    pub is_first: Option<bool>,
    /// The message is the newest one of its chat.
    pub is_last: Option<bool>,
    /// Fragments of the text to be shown as links: mentions and addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<MessageLink>,
    /// Forwarded messages: their ids in answers to v3 calls, elsewhere the messages themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked_messages: Vec<Reference>,
    /// Id of the message; the client may choose it.
    pub message_id: Uuid,
    /// Links are to be shown without previews.
    pub nopreview: Option<bool>,
    /// The message mentions the viewer.
    pub notice: Option<bool>,
    /// Index of the message among those of the chat that are not deleted, from 0.
    pub num: Option<i64>,
    /// Number of other contacts that have seen the message, at most 100.
    pub num_received: Option<u32>,
    /// Id of the preceding message of the chat; absent on the first one.
    pub prev: Option<Uuid>,
    /// Content as plain text, for pushes.
    pub push_text: Option<String>,
    /// Reactions, in the order in which they were first set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<MessageReaction>,
    /// At least one other contact has seen the message.
    pub received: Option<bool>,
    /// The quoted message: its id in answers to v3 calls, elsewhere the message as it is now.
    pub reply_to: Option<Reference>,
    /// The message does not count as unread.
    pub silently: Option<bool>,
    /// Address to which the message was sent.
    pub to: Jid,
    /// Attached files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uploads: Vec<Upload>,
}

/// A quoted or forwarded message, one level deep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(no_recursion)]
pub enum Reference {
    /// Id of the message.
    Id(Uuid),
    /// The message itself, without the messages that it quotes or forwards.
    Whole(Box<Message>),
}

/// Content of a message. Keys about a file are present when the message has exactly one.
#[serde_with::apply(Option => #[serde(default, skip_serializing_if = "Option::is_none")] #[schema(nullable = false)])]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageContent {
    /// Change messages only: address of the contact that made the change.
    pub actor: Option<Jid>,
    /// Single-file messages only: the image is animated.
    pub animated: Option<bool>,
    /// Single-file messages only: absolute address of the file.
    #[serde(rename = "mediaURL")]
    pub media_url: Option<String>,
    /// Single-file messages only: name of the file.
    pub name: Option<String>,
    /// Change messages only: the new value, or the name of the contact concerned.
    pub new: Option<String>,
    /// Change messages only: the old value.
    pub old: Option<String>,
    /// Single-image messages only: absolute address of the preview with twice the resolution.
    #[serde(rename = "preview2xURL")]
    pub preview_2x_url: Option<String>,
    /// Single-image messages only: height of the preview in pixels.
    #[serde(rename = "previewHeight")]
    pub preview_height: Option<u32>,
    /// Single-image messages only: absolute address of the preview.
    #[serde(rename = "previewURL")]
    pub preview_url: Option<String>,
    /// Single-image messages only: width of the preview in pixels.
    #[serde(rename = "previewWidth")]
    pub preview_width: Option<u32>,
    /// Single-file messages only: size of the file in bytes.
    pub size: Option<u64>,
    /// Text of the message; always present, empty when deleted.
    pub text: String,
    /// Change messages only: the change in words, without values.
    pub title: Option<String>,
    /// Type of the content.
    #[serde(rename = "type")]
    pub kind: ContentType,
    /// Single-file messages only: id of the file.
    pub upload: Option<Uuid>,
}

impl MessageContent {
    /// The content of a message with a single file.
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

/// Types of message content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContentType {
    /// Text.
    #[default]
    Plain,
    /// A change of the group, the task or its members, reported by the server.
    Change,
    /// A deleted message.
    Deleted,
    /// A file.
    File,
    /// An image.
    Image,
    /// A video.
    Video,
    /// A voice message.
    Audiomsg,
    /// A PDF document.
    Pdf,
}

impl ContentType {
    /// All types, in the order of the protocol.
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

    /// The word on the wire.
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

    /// The type that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The type of a message with these files: a single file determines it.
    pub fn of(uploads: &[UploadRecord]) -> Self {
        match uploads {
            [single] => Self::from_word(single.message_type()).unwrap_or(Self::File),
            _ => Self::Plain,
        }
    }
}

/// A reaction and the contacts that set it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageReaction {
    /// Number of contacts that set the reaction.
    pub counter: u32,
    /// The first 100 contacts that set the reaction, oldest first.
    pub details: Vec<MessageReactionDetail>,
    /// The emoji.
    pub name: String,
}

/// A contact that set a reaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageReactionDetail {
    /// Time when the contact set the reaction.
    pub created: Timestamp,
    /// The emoji.
    pub name: String,
    /// Address of the contact.
    pub sender: Jid,
}

/// A reaction that clients may set.
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
    /// The messages; `[]` past the end.
    pub messages: Vec<Message>,
}

/// Messages of several chats, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundMessages {
    /// Total number of matching messages, at most 1000.
    pub count: u64,
    /// Requested page size.
    pub limit: u64,
    /// The messages; `[]` past the end.
    pub messages: Vec<Message>,
    /// A copy of `messages`, for clients that expect this key.
    pub objects: Vec<Message>,
    /// Number of messages that were skipped.
    pub offset: u64,
}

/// A fragment of a text and the link that it stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageLink {
    /// The fragment as it stands in the text.
    pub pattern: String,
    /// Text to show instead of the fragment.
    pub text: String,
    /// Target of the link: `otv://{jid}` or a web address.
    pub url: String,
}
