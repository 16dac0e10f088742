//! Rules of one message: posted once under the id that the client chose, changed by its author in time
//! (`docs/acceptance.md`, items 94 to 103).

use crate::{Aggregate, limits};
use chrono::{DateTime, Utc};
use events::{
    AccountId, ContactId, MessageEvent, MessageId, Personal, TeamId, UploadId,
    chat::ChatRef,
    message::{self, Author},
};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a message.
#[derive(Clone, Debug, Default)]
pub struct Message {
    posted: Option<message::Posted>,
    content: Option<Content>,
    deleted: bool,
    /// Who reacted with what.
    reactions: BTreeMap<String, BTreeSet<ContactId>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Content {
    text: Personal<String>,
    important: bool,
    nopreview: bool,
}

/// What may be asked. Rights in the conversation were looked up by whoever asks.
#[derive(Clone, Debug)]
pub enum Command {
    /// The message shall say this: posted when it is new, changed when it is the author's own.
    Say {
        /// Where and what.
        draft: Draft,
        /// When.
        now: DateTime<Utc>,
    },
    /// The message, which is there, shall say this; what is not named stays.
    Edit {
        /// Who asks.
        author: Author,
        /// The text.
        text: Option<String>,
        /// Marked as important.
        important: Option<bool>,
        /// No link previews wanted.
        nopreview: Option<bool>,
        /// When.
        now: DateTime<Utc>,
    },
    /// Somebody's reaction shall be there.
    React {
        /// Who.
        contact: ContactId,
        /// The emoji, which is one of [`crate::reaction::NAMES`].
        name: String,
    },
    /// Somebody's reaction shall be there no more.
    Unreact {
        /// Who.
        contact: ContactId,
        /// The emoji.
        name: String,
    },
    /// The message shall be gone.
    Delete {
        /// Who asks.
        author: Author,
        /// Whether they may delete anybody's message, at any age.
        any: bool,
        /// When.
        now: DateTime<Utc>,
    },
}

/// A message to be.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its id.
    pub message: MessageId,
    /// Where.
    pub team: TeamId,
    /// In which conversation.
    pub chat: ChatRef,
    /// By whom.
    pub author: Author,
    /// Whose key seals the text beside the team's; an integration's text is the team's alone.
    pub account: Option<AccountId>,
    /// The text.
    pub text: String,
    /// Marked as important.
    pub important: bool,
    /// No link previews wanted.
    pub nopreview: bool,
    /// It does not count as unread.
    pub silently: bool,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// Messages it forwards.
    pub linked_messages: Vec<MessageId>,
    /// Files that it brings. They are those of its posting: a change leaves them.
    pub uploads: Vec<UploadId>,
    /// How long it may be changed, seconds.
    pub update_age: u32,
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such message, any more or at all.
    NoMessage,
    /// The id is taken by a message of somebody else or elsewhere.
    IdTaken,
    /// Not the author.
    NotAllowed,
    /// Too late to change it.
    TooOld,
    /// Too many different reactions.
    TooManyReactions,
}

/// Whether an id is of those that only the server gives: the places of changes in a group's history bear uuids of version 8,
/// derived from the group's own events, so nobody may post under one.
pub fn is_reserved(id: MessageId) -> bool {
    id.0.get_version_num() == 8
}

impl Message {
    /// The conversation that it was posted to.
    pub fn chat(&self) -> Option<(TeamId, ChatRef)> {
        self.posted.as_ref().map(|posted| (posted.team, posted.chat))
    }

    /// The files that it was posted with, once it is.
    pub fn brings(&self) -> Option<&[UploadId]> {
        self.posted.as_ref().map(|posted| &*posted.uploads)
    }

    /// Whether somebody posted it there.
    pub fn is_by(&self, team: TeamId, chat: ChatRef, author: Author) -> bool {
        self.posted
            .as_ref()
            .is_some_and(|posted| (posted.team, posted.chat, posted.author) == (team, chat, author))
    }

    /// Whether it is gone, for good.
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

    /// Whether a program repeats a message that was taken before and cannot be changed any more: it was deleted, or the
    /// program's integration writes into another group now. A program repeats until it is told that the message was taken.
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

    /// Its author gives it another content.
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
            return Ok(vec![]); // the same message, sent again
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

/// What an edit names.
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
