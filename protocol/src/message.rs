//! Messages (`protocol.md` 4.8 to 4.10) as one viewer sees them, and in the neutral form they are rendered from.

use crate::{
    Jid, Timestamp,
    upload::{NeutralUpload, Upload},
};
use chrono::{DateTime, Utc};
use events::{ContactId, IntegrationId, MessageId, TeamId, chat::ChatRef, message::Author};
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
    /// Marked as important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub important: Option<bool>,
    /// The first of its chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_first: Option<bool>,
    /// The newest of its chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_last: Option<bool>,
    /// Fragments to be shown as links: mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<MessageLink>,
    /// Messages it forwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked_messages: Vec<Uuid>,
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
    /// The message before it in the chat; absent on the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub prev: Option<Uuid>,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reply_to: Option<Uuid>,
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

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageContent {
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
    /// `plain`, `change` or `deleted`; of a message that brings a single file `file`, `image`, `video`, `audiomsg` or
    /// `pdf`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of a single file: which one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upload: Option<Uuid>,
}

impl MessageContent {
    /// A text.
    pub fn text(text: String, kind: &str) -> Self {
        Self {
            animated: None,
            media_url: None,
            name: None,
            preview_2x_url: None,
            preview_height: None,
            preview_url: None,
            preview_width: None,
            size: None,
            text,
            kind: kind.to_owned(),
            upload: None,
        }
    }

    /// A single file with a text.
    fn media(text: String, kind: &str, upload: Upload) -> Self {
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
            kind: kind.to_owned(),
            upload: Some(upload.uid),
        }
    }
}

/// A fragment of the text and what it stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageLink {
    /// The fragment.
    pub pattern: String,
    /// What to show instead.
    pub text: String,
    /// Where it leads: `otv://{jid}`.
    pub url: String,
}

/// A message without a viewer: what the feed carries and the read model keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NeutralMessage {
    /// The message.
    pub id: MessageId,
    /// Where.
    pub team: TeamId,
    /// In which conversation.
    pub chat: ChatRef,
    /// By whom.
    pub author: Author,
    /// What it says; empty when deleted.
    pub text: String,
    /// Deleted.
    pub deleted: bool,
    /// Marked as important.
    pub important: bool,
    /// No link previews wanted.
    pub nopreview: bool,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// Messages it forwards.
    pub linked_messages: Vec<MessageId>,
    /// Files that it brings.
    #[serde(default)]
    pub uploads: Vec<NeutralUpload>,
    /// Mentions.
    pub links: Vec<MessageLink>,
    /// Who is mentioned.
    pub mentioned: Vec<ContactId>,
    /// When it was posted.
    pub created: DateTime<Utc>,
    /// When it was changed or deleted.
    pub edited: Option<DateTime<Utc>>,
    /// Until when it may be changed.
    pub editable_until: DateTime<Utc>,
    /// Version.
    pub gentime: i64,
    /// Place in the chat, from 1, without holes.
    pub num: i64,
    /// The message before it.
    pub prev: Option<MessageId>,
    /// Whether it was the newest when this was written.
    pub is_last: bool,
}

/// How much of a message is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// The answer to a v3 call: the seed's keys.
    V3,
    /// A websocket frame: also the place in the chat, links and all files.
    Realtime,
}

impl NeutralMessage {
    /// The message as a contact sees it; `base_url` is what addresses of files begin with.
    pub fn seen_by(&self, viewer: ContactId, face: Face, base_url: &str) -> Message {
        let live = face == Face::Realtime;
        let (chat, to) = self.addresses(viewer);
        Message {
            chat,
            chat_type: ChatType::of(self.chat),
            content: self.content(base_url),
            created: self.created.into(),
            editable_until: self.editable_until.into(),
            edited: self.edited.map(Timestamp),
            from: author_jid(self.author),
            gentime: self.gentime,
            important: self.important.then_some(true),
            is_first: (live && self.prev.is_none()).then_some(true),
            is_last: (live && self.is_last).then_some(true),
            links: self.links.clone(),
            linked_messages: self.linked_messages.iter().map(|id| id.0).collect(),
            message_id: self.id.0,
            nopreview: self.nopreview.then_some(true),
            notice: self.mentioned.contains(&viewer).then_some(true),
            prev: self.prev.map(|id| id.0),
            reply_to: self.reply_to.map(|id| id.0),
            to,
            uploads: match face {
                Face::V3 => vec![],
                Face::Realtime => {
                    self.uploads.iter().map(|upload| upload.shown(self.team, base_url)).collect()
                }
            },
        }
    }

    fn content(&self, base_url: &str) -> MessageContent {
        match &self.uploads[..] {
            _ if self.deleted => MessageContent::text(self.text.clone(), "deleted"),
            [single] => MessageContent::media(
                self.text.clone(),
                single.message_type(),
                single.shown(self.team, base_url),
            ),
            _ => MessageContent::text(self.text.clone(), "plain"),
        }
    }

    /// Whether it can be unread.
    pub fn counts(&self) -> bool {
        !self.deleted
    }

    /// The chat as the viewer names it, and the address that the message went to.
    fn addresses(&self, viewer: ContactId) -> (Jid, Jid) {
        match self.chat {
            ChatRef::Group(group) => (Jid::Group(group), Jid::Group(group)),
            ChatRef::Task(task) => (Jid::Task(task), Jid::Task(task)),
            ChatRef::Direct(a, b) => {
                let other = |than| if a == than { b } else { a };
                let to = match self.author {
                    Author::Contact(author) => other(author),
                    Author::Integration(_) => b,
                };
                (Jid::Direct(other(viewer)), Jid::Direct(to))
            }
        }
    }
}

/// The address of whoever wrote a message.
pub fn author_jid(author: Author) -> Jid {
    match author {
        Author::Contact(contact) => Jid::Direct(contact),
        Author::Integration(IntegrationId(uid)) => Jid::Direct(ContactId(uid)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direct_chat_bears_the_other_sides_address() {
        let (me, you) = (ContactId(Uuid::from_u128(1)), ContactId(Uuid::from_u128(2)));
        let now = DateTime::from_timestamp(0, 0).unwrap();
        let message = NeutralMessage {
            id: MessageId(Uuid::from_u128(3)),
            team: TeamId(Uuid::from_u128(4)),
            chat: ChatRef::direct(me, you),
            author: Author::Contact(me),
            text: "пыщ!".into(),
            deleted: false,
            important: false,
            nopreview: false,
            reply_to: None,
            linked_messages: vec![],
            uploads: vec![],
            links: vec![],
            mentioned: vec![you],
            created: now,
            edited: None,
            editable_until: now,
            gentime: 1,
            num: 1,
            prev: None,
            is_last: true,
        };
        let mine = message.seen_by(me, Face::V3, "");
        assert_eq!((mine.chat, mine.to, mine.from), (Jid::Direct(you), Jid::Direct(you), Jid::Direct(me)));
        assert_eq!((mine.is_first, mine.is_last, mine.notice), (None, None, None));
        let yours = message.seen_by(you, Face::Realtime, "");
        assert_eq!((yours.chat, yours.to), (Jid::Direct(me), Jid::Direct(you)));
        assert_eq!((yours.is_first, yours.is_last, yours.notice), (Some(true), Some(true), Some(true)));
    }
}
