//! Rules of a message: posted once under an id that the client chooses, edited by its author for a limited time
//! (`docs/acceptance.md`, items 94 to 103).

use crate::{Aggregate, limits};
use chrono::{DateTime, Utc};
use events::{
    AccountId, ContactId, MessageEvent, MessageId, MessageKey, Personal, TeamId, UploadId,
    chat::ChatRef,
    message::{self, Author},
};
use std::collections::{BTreeMap, BTreeSet};

/// The state of a message.
#[derive(Clone, Debug, Default)]
pub struct Message {
    posted: Option<message::Posted>,
    content: Option<Content>,
    deleted: bool,
    /// Contacts by reaction.
    reactions: BTreeMap<String, BTreeSet<ContactId>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Content {
    text: Personal<String>,
    important: bool,
    nopreview: bool,
}

/// The commands. The caller has checked the rights in the chat.
#[derive(Clone, Debug)]
pub enum Command {
    /// Posts the message, or edits it if it exists and is the author's own.
    Say { draft: Draft, now: DateTime<Utc> },
    /// Edits an existing message; `None` leaves a value unchanged.
    Edit {
        author: Author,
        text: Option<String>,
        important: Option<bool>,
        /// Turns link previews off.
        nopreview: Option<bool>,
        now: DateTime<Utc>,
    },
    /// Adds a reaction.
    React {
        contact: ContactId,
        /// One of [`crate::reaction::NAMES`].
        name: String,
    },
    /// Removes a reaction.
    Unreact { contact: ContactId, name: String },
    Delete {
        author: Author,
        /// The actor may delete messages of others, at any age.
        any: bool,
        now: DateTime<Utc>,
    },
}

/// A message to be posted.
#[derive(Clone, Debug)]
pub struct Draft {
    pub message: MessageId,
    pub team: TeamId,
    pub chat: ChatRef,
    pub author: Author,
    /// The account whose key seals the text in addition to the team's key; `None` for an integration.
    pub account: Option<AccountId>,
    pub text: String,
    pub important: bool,
    /// Turns link previews off.
    pub nopreview: bool,
    /// The message does not count as unread.
    pub silently: bool,
    pub reply_to: Option<MessageId>,
    pub linked_messages: Vec<MessageId>,
    /// Attached files. An edit does not change them.
    pub uploads: Vec<UploadId>,
    /// How long the message may be edited, seconds.
    pub update_age: u32,
}

impl Draft {
    /// Team and id of the message.
    pub fn key(&self) -> MessageKey {
        MessageKey { team: self.team, message: self.message }
    }
}

/// Why a command is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The message does not exist, or is deleted.
    NoMessage,
    /// The id belongs to a message of another author or chat.
    IdTaken,
    /// The actor is not the author.
    NotAllowed,
    /// The time for edits is over.
    TooOld,
    /// The message has the maximum number of different reactions.
    TooManyReactions,
}

/// Whether only the server may use an id: change messages have UUIDs of version 8, derived from the events of groups and
/// tasks.
pub fn is_reserved(id: MessageId) -> bool {
    id.0.get_version_num() == 8
}

impl Message {
    /// The chat of the message, with its team.
    pub fn chat(&self) -> Option<(TeamId, ChatRef)> {
        self.posted.as_ref().map(|posted| (posted.team, posted.chat))
    }

    /// The attached files; `None` if the message is not posted.
    pub fn attachments(&self) -> Option<&[UploadId]> {
        self.posted.as_ref().map(|posted| &*posted.uploads)
    }

    /// Whether this author posted the message in this chat.
    pub fn is_by(&self, team: TeamId, chat: ChatRef, author: Author) -> bool {
        self.posted
            .as_ref()
            .is_some_and(|posted| (posted.team, posted.chat, posted.author) == (team, chat, author))
    }

    pub fn is_deleted(&self) -> bool {
        self.deleted
    }

    fn say(&self, draft: Draft, now: DateTime<Utc>) -> Result<Vec<MessageEvent>, Rejection> {
        if self.is_delivered(&draft) {
            return Ok(vec![]);
        }
        let text = match draft.account {
            Some(account) => Personal::in_team(draft.team, account, draft.text),
            None => Personal::of_team(draft.team, draft.text),
        };
        let Some(posted) = &self.posted else {
            if is_reserved(draft.message) {
                return Err(Rejection::IdTaken);
            }
            return Ok(vec![
                message::Posted {
                    message: draft.message,
                    team: draft.team,
                    chat: draft.chat,
                    author: draft.author,
                    text,
                    important: draft.important,
                    nopreview: draft.nopreview,
                    silently: draft.silently,
                    reply_to: draft.reply_to,
                    linked_messages: draft.linked_messages,
                    uploads: draft.uploads,
                    editable_until: now + chrono::Duration::seconds(draft.update_age.into()),
                }
                .into(),
            ]);
        };
        if (posted.team, posted.chat, posted.author) != (draft.team, draft.chat, draft.author) {
            return Err(Rejection::IdTaken);
        }
        self.change(
            Content { text, important: draft.important, nopreview: draft.nopreview },
            posted.editable_until,
            now,
        )
    }

    /// Whether an integration repeats a message that was accepted before and cannot be edited any more: it was deleted, or the
    /// integration has moved to another group. Programs retry until the message is accepted.
    fn is_delivered(&self, draft: &Draft) -> bool {
        self.posted.as_ref().is_some_and(|posted| {
            matches!(draft.author, Author::Integration(_))
                && (posted.team, posted.author) == (draft.team, draft.author)
                && (self.deleted || posted.chat != draft.chat)
        })
    }

    fn edit(&self, author: Author, edit: Edit, now: DateTime<Utc>) -> Result<Vec<MessageEvent>, Rejection> {
        let (Some(posted), Some(content)) = (&self.posted, &self.content) else {
            return Err(Rejection::NoMessage);
        };
        if posted.author != author {
            return Err(if self.deleted { Rejection::NoMessage } else { Rejection::NotAllowed });
        }
        let Edit { text, important, nopreview } = edit;
        let content = Content {
            text: text.map_or_else(|| content.text.clone(), |text| content.text.with(text)),
            important: important.unwrap_or(content.important),
            nopreview: nopreview.unwrap_or(content.nopreview),
        };
        self.change(content, posted.editable_until, now)
    }

    /// Replaces the content.
    fn change(
        &self,
        content: Content,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<MessageEvent>, Rejection> {
        if self.deleted {
            return Err(Rejection::NoMessage);
        }
        if self.content.as_ref() == Some(&content) {
            return Ok(vec![]); // a repeated request
        }
        if now > until {
            return Err(Rejection::TooOld);
        }
        let Content { text, important, nopreview } = content;
        Ok(vec![message::Edited { text, important, nopreview }.into()])
    }

    fn react(&self, contact: ContactId, name: String) -> Result<Vec<MessageEvent>, Rejection> {
        if self.posted.is_none() || self.deleted {
            return Err(Rejection::NoMessage);
        }
        match self.reactions.get(&name) {
            Some(contacts) if contacts.contains(&contact) => Ok(vec![]),
            None if self.reactions.len() >= limits::REACTIONS => Err(Rejection::TooManyReactions),
            _ => Ok(vec![message::ReactionSet { contact, name }.into()]),
        }
    }

    fn unreact(&self, contact: ContactId, name: String) -> Result<Vec<MessageEvent>, Rejection> {
        if self.posted.is_none() || self.deleted {
            return Err(Rejection::NoMessage);
        }
        let known = self.reactions.get(&name).is_some_and(|contacts| contacts.contains(&contact));
        Ok(if known { vec![message::ReactionRemoved { contact, name }.into()] } else { vec![] })
    }
}

/// The new values of an edit.
struct Edit {
    text: Option<String>,
    important: Option<bool>,
    nopreview: Option<bool>,
}

impl Aggregate for Message {
    type Command = Command;
    type Event = MessageEvent;
    type Rejection = Rejection;

    fn initial() -> Self {
        Self::default()
    }

    fn decide(&self, command: Command) -> Result<Vec<MessageEvent>, Rejection> {
        match command {
            Command::Say { draft, now } => self.say(draft, now),
            Command::Edit { author, text, important, nopreview, now } => {
                self.edit(author, Edit { text, important, nopreview }, now)
            }
            Command::React { contact, name } => self.react(contact, name),
            Command::Unreact { contact, name } => self.unreact(contact, name),
            Command::Delete { author, any, now } => match &self.posted {
                None => Err(Rejection::NoMessage),
                Some(_) if self.deleted => Ok(vec![]),
                Some(posted) if !any && posted.author != author => Err(Rejection::NotAllowed),
                Some(posted) if !any && now > posted.editable_until => Err(Rejection::TooOld),
                Some(_) => {
                    let by = match author {
                        Author::Contact(contact) => Some(contact),
                        Author::Integration(_) => None,
                    };
                    Ok(vec![message::Deleted { by }.into()])
                }
            },
        }
    }

    fn evolve(&mut self, event: &MessageEvent) {
        match event {
            MessageEvent::Posted(posted) => {
                let message::Posted { text, important, nopreview, .. } = posted.clone();
                self.content = Some(Content { text, important, nopreview });
                self.posted = Some(posted.clone());
            }
            MessageEvent::Edited(edited) => {
                let message::Edited { text, important, nopreview } = edited.clone();
                self.content = Some(Content { text, important, nopreview });
            }
            MessageEvent::Deleted(_) => self.deleted = true,
            MessageEvent::ReactionSet(set) => {
                self.reactions.entry(set.name.clone()).or_default().insert(set.contact);
            }
            MessageEvent::ReactionRemoved(removed) => {
                if let Some(contacts) = self.reactions.get_mut(&removed.name) {
                    contacts.remove(&removed.contact);
                    if contacts.is_empty() {
                        self.reactions.remove(&removed.name);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
