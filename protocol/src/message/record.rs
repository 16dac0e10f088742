//! The stored form of a message, independent of any viewer, and its rendering for one.

use super::{
    Change, ChatType, ContentType, Message, MessageContent, MessageLink, MessageReaction, Reference,
};
use crate::{ApiVersion, Jid, Timestamp, lang::Lang, upload::UploadRecord};
use chrono::{DateTime, Utc};
use events::{ContactId, IntegrationId, MessageId, MessageKey, TeamId, chat::ChatRef, message::Author};
use serde::{Deserialize, Serialize};

/// A message independent of any viewer: the form that the feed carries and the read model stores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageRecord {
    /// Id of the message.
    pub id: MessageId,
    /// The team.
    pub team: TeamId,
    /// The chat.
    pub chat: ChatRef,
    /// The author; on a change, the contact that made it.
    pub author: Author,
    /// Type of the content.
    pub kind: ContentType,
    /// Text; empty when deleted, and on changes, which have texts of their own.
    pub text: String,
    /// The change that the message reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// The message is marked as important.
    pub important: bool,
    /// Links are to be shown without previews.
    pub nopreview: bool,
    /// The message does not count as unread.
    pub silently: bool,
    /// Id of the quoted message.
    pub reply_to: Option<MessageId>,
    /// Ids of the forwarded messages.
    pub linked_messages: Vec<MessageId>,
    /// Attached files.
    #[serde(default)]
    pub uploads: Vec<UploadRecord>,
    /// The quoted message, if it was looked up. Never serialized: it may be edited or deleted.
    #[serde(skip)]
    pub replied: Option<Box<MessageRecord>>,
    /// The forwarded messages, if they were looked up.
    #[serde(skip)]
    pub forwarded: Vec<MessageRecord>,
    /// Fragments of the text to be shown as links.
    pub links: Vec<MessageLink>,
    /// Contacts that the text mentions.
    pub mentioned: Vec<ContactId>,
    /// Reactions.
    pub reactions: Vec<MessageReaction>,
    /// Time of posting.
    pub created: DateTime<Utc>,
    /// Time of the last edit or of the deletion.
    pub edited: Option<DateTime<Utc>>,
    /// Time until which the author may edit or delete the message.
    pub editable_until: DateTime<Utc>,
    /// Version of the message.
    pub gentime: i64,
    /// Number of the message in its chat, from 1, without gaps.
    pub num: i64,
    /// Index among the messages that are not deleted, from 0.
    pub index: Option<i64>,
    /// Id of the preceding message.
    pub prev: Option<MessageId>,
    /// The message was the newest one of its chat when the record was written.
    pub is_last: bool,
    /// Number of other contacts that have seen the message, counted up to [`MessageRecord::READERS`].
    pub received: u32,
    /// Version of the shared part of the chat when the record was written.
    pub chat_gentime: i64,
}

impl MessageRecord {
    /// Maximum number of readers that are counted.
    pub const READERS: u32 = 100;

    /// A plain text message with nothing attached and no edits, reactions or readers. It has no number in its chat yet.
    pub fn plain(
        MessageKey { team, message }: MessageKey,
        chat: ChatRef,
        author: Author,
        text: String,
        created: DateTime<Utc>,
    ) -> Self {
        Self {
            id: message,
            team,
            chat,
            author,
            kind: ContentType::Plain,
            text,
            change: None,
            important: false,
            nopreview: false,
            silently: false,
            reply_to: None,
            linked_messages: vec![],
            uploads: vec![],
            replied: None,
            forwarded: vec![],
            links: vec![],
            mentioned: vec![],
            reactions: vec![],
            created,
            edited: None,
            editable_until: created,
            gentime: 0,
            num: 0,
            index: None,
            prev: None,
            is_last: false,
            received: 0,
            chat_gentime: 0,
        }
    }

    /// Team and id of the message.
    pub fn key(&self) -> MessageKey {
        MessageKey { team: self.team, message: self.id }
    }

    /// Returns whether the message was deleted.
    pub fn is_deleted(&self) -> bool {
        self.kind == ContentType::Deleted
    }

    /// Returns whether the message can be unread: deleted messages, changes and silent messages cannot.
    pub fn counts_as_unread(&self) -> bool {
        !matches!(self.kind, ContentType::Deleted | ContentType::Change) && !self.silently
    }

    /// Renders the message for a viewer. `base_url` is the prefix of file addresses; `lang` is the language of change messages.
    pub fn render_for(&self, viewer: ContactId, version: ApiVersion, base_url: &str, lang: Lang) -> Message {
        let live = version == ApiVersion::V4;
        let (chat, to) = self.addresses(viewer);
        let shown = |is: bool| (live && is).then_some(true);
        let seen = live && self.received > 0 && self.kind != ContentType::Change;
        Message {
            chat,
            chat_type: ChatType::of(self.chat),
            content: self.content(base_url, lang),
            created: self.created.into(),
            editable_until: self.editable_until.into(),
            edited: self.edited.map(Timestamp),
            from: author_jid(self.author),
            gentime: self.gentime,
            has_previews: None,
            important: self.important.then_some(true),
            is_archive: shown(self.is_deleted()),
            is_first: shown(self.prev.is_none()),
            is_last: shown(self.is_last),
            links: self.links.clone(),
            linked_messages: self.forwards((viewer, version), base_url, lang, (chat, to)),
            message_id: self.id.0,
            nopreview: self.nopreview.then_some(true),
            notice: self.mentioned.contains(&viewer).then_some(true),
            num: self.index.filter(|_| live && !self.is_deleted()),
            num_received: seen.then_some(self.received),
            prev: self.prev.map(|id| id.0),
            push_text: Some(self.plain_text(lang)).filter(|text| live && !text.is_empty()),
            reactions: if live { self.reactions.clone() } else { vec![] },
            received: seen.then_some(true),
            reply_to: self.reply(viewer, version, base_url, lang),
            silently: shown(self.silently),
            to,
            uploads: match version {
                ApiVersion::V3 => vec![],
                ApiVersion::V4 => {
                    self.uploads.iter().map(|upload| upload.shown(self.team, base_url)).collect()
                }
            },
        }
    }

    /// Clears the content of a deleted message.
    pub fn withdraw(&mut self) {
        self.kind = ContentType::Deleted;
        self.text.clear();
        self.uploads.clear();
        self.links.clear();
        self.mentioned.clear();
        self.reactions.clear();
        self.linked_messages.clear();
        self.index = None;
    }

    fn content(&self, base_url: &str, lang: Lang) -> MessageContent {
        let (text, kind) = (self.text.clone(), self.kind);
        match (&self.change, &self.uploads[..]) {
            (Some(change), _) => {
                let chat = ChatType::of(self.chat);
                MessageContent {
                    actor: Some(Jid::Direct(change.actor)),
                    new: change.new.clone(),
                    old: change.old.clone(),
                    text: change.text(chat, lang),
                    title: Some(change.title(chat, lang).to_owned()),
                    kind,
                    ..MessageContent::default()
                }
            }
            (None, [single]) if !self.is_deleted() => {
                MessageContent::media(text, kind, single.shown(self.team, base_url))
            }
            (None, _) => MessageContent { text, kind, ..MessageContent::default() },
        }
    }

    /// The text with links replaced by their labels.
    fn plain_text(&self, lang: Lang) -> String {
        match &self.change {
            Some(change) => change.text(ChatType::of(self.chat), lang),
            None => self
                .links
                .iter()
                .filter(|link| link.pattern != link.text)
                .fold(self.text.clone(), |text, link| text.replace(&link.pattern, &link.text)),
        }
    }

    fn reply(&self, viewer: ContactId, version: ApiVersion, base_url: &str, lang: Lang) -> Option<Reference> {
        if version == ApiVersion::V3 {
            return self.reply_to.map(|id| Reference::Id(id.0));
        }
        let replied = self.replied.as_ref()?.render_for(viewer, version, base_url, lang);
        // The mentioned contacts are in the message itself.
        let (reply_to, notice) = (None, None);
        Some(Reference::Whole(Box::new(Message { reply_to, notice, linked_messages: vec![], ..replied })))
    }

    /// Forwarded messages appear under the chat to which they were forwarded: readers may not know the chat of
    /// origin, so it is not revealed.
    fn forwards(
        &self,
        (viewer, version): (ContactId, ApiVersion),
        base_url: &str,
        lang: Lang,
        (chat, to): (Jid, Jid),
    ) -> Vec<Reference> {
        if version == ApiVersion::V3 {
            return self.linked_messages.iter().map(|id| Reference::Id(id.0)).collect();
        }
        let whole = |forwarded: &Self| {
            let seen = forwarded.render_for(viewer, version, base_url, lang);
            Reference::Whole(Box::new(Message {
                chat,
                to,
                notice: None,
                is_first: None,
                is_last: None,
                reply_to: None,
                linked_messages: vec![],
                ..seen
            }))
        };
        self.forwarded.iter().map(whole).collect()
    }

    /// The chat as the viewer names it, and the address to which the message was sent.
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

/// The address of a message's author.
pub fn author_jid(author: Author) -> Jid {
    match author {
        Author::Contact(contact) => Jid::Direct(contact),
        Author::Integration(IntegrationId(uid)) => Jid::Direct(ContactId(uid)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::ChangeKind;
    use events::GroupId;
    use uuid::Uuid;

    const ME: ContactId = ContactId(Uuid::from_u128(1));
    const YOU: ContactId = ContactId(Uuid::from_u128(2));

    fn message() -> MessageRecord {
        let key = MessageKey { team: TeamId(Uuid::from_u128(4)), message: MessageId(Uuid::from_u128(3)) };
        let (chat, posted) = (ChatRef::direct(ME, YOU), DateTime::from_timestamp(0, 0).unwrap());
        let plain = MessageRecord::plain(key, chat, Author::Contact(ME), "пыщ!".to_owned(), posted);
        MessageRecord { mentioned: vec![YOU], gentime: 1, num: 1, index: Some(0), is_last: true, ..plain }
    }

    #[test]
    fn direct_message_is_rendered_with_the_other_sides_address() {
        let message = message();
        let mine = message.render_for(ME, ApiVersion::V3, "", Lang::default());
        assert_eq!((mine.chat, mine.to, mine.from), (Jid::Direct(YOU), Jid::Direct(YOU), Jid::Direct(ME)));
        assert_eq!((mine.is_first, mine.is_last, mine.notice, mine.num), (None, None, None, None));
        let yours = message.render_for(YOU, ApiVersion::V4, "", Lang::default());
        assert_eq!((yours.chat, yours.to), (Jid::Direct(ME), Jid::Direct(YOU)));
        assert_eq!((yours.is_first, yours.is_last, yours.notice), (Some(true), Some(true), Some(true)));
        assert_eq!((yours.num, yours.push_text.as_deref()), (Some(0), Some("пыщ!")));
    }

    #[test]
    fn references_are_ids_in_v3_and_one_level_deep_in_v4() {
        let group = ChatRef::Group(GroupId(Uuid::from_u128(9)));
        let deep = MessageRecord { reply_to: Some(MessageId(Uuid::from_u128(8))), ..message() };
        let secret = MessageRecord { chat: group, replied: Some(Box::new(deep.clone())), ..message() };
        let bearer = MessageRecord {
            reply_to: Some(deep.id),
            linked_messages: vec![secret.id],
            replied: Some(Box::new(MessageRecord { replied: Some(Box::new(message())), ..deep })),
            forwarded: vec![secret],
            ..message()
        };
        let v3 = bearer.render_for(YOU, ApiVersion::V3, "", Lang::default());
        let id = Reference::Id(Uuid::from_u128(3));
        assert_eq!((v3.reply_to, v3.linked_messages), (Some(id.clone()), vec![id]));
        let whole = bearer.render_for(YOU, ApiVersion::V4, "", Lang::default());
        let Some(Reference::Whole(replied)) = whole.reply_to else { panic!("no reply") };
        assert_eq!((replied.reply_to, replied.content.text.as_str()), (None, "пыщ!"));
        let [Reference::Whole(forwarded)] = &whole.linked_messages[..] else { panic!("no forward") };
        assert_eq!(
            (forwarded.chat, forwarded.to),
            (Jid::Direct(ME), Jid::Direct(YOU)),
            "not where it is from"
        );
        assert_eq!(forwarded.reply_to, None);
    }

    #[test]
    fn push_text_shows_mentions_as_names_and_changes_as_sentences() {
        let pattern = "@Вася_Пупкин".to_owned();
        let link = MessageLink { pattern, text: "@Вася Пупкин".into(), url: "otv://d-x".into() };
        let mentions =
            MessageRecord { text: "@Вася_Пупкин, да".into(), links: vec![link], ..message() };
        assert_eq!(
            mentions.render_for(ME, ApiVersion::V4, "", Lang::default()).push_text.as_deref(),
            Some("@Вася Пупкин, да")
        );
        let change = Change {
            what: ChangeKind::Left,
            actor: YOU,
            whom: Some(YOU),
            was: None,
            old: None,
            new: Some("Вася".into()),
        };
        let change = MessageRecord {
            kind: ContentType::Change,
            text: String::new(),
            change: Some(change),
            ..message()
        };
        assert!(!change.counts_as_unread());
        let seen = change.render_for(ME, ApiVersion::V4, "", Lang::En);
        assert_eq!(seen.content.title.as_deref(), Some("A member has left"));
        assert_eq!(
            (seen.content.text.as_str(), seen.content.actor),
            ("A member has left: Вася", Some(Jid::Direct(YOU)))
        );
    }

    #[test]
    fn withdrawn_message_has_no_content() {
        let mut gone = message();
        gone.withdraw();
        let seen = gone.render_for(YOU, ApiVersion::V4, "", Lang::default());
        assert_eq!((seen.content.text.as_str(), seen.content.kind), ("", ContentType::Deleted));
        assert_eq!((seen.is_archive, seen.num, seen.push_text, seen.notice), (Some(true), None, None, None));
    }
}
