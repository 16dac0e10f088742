//! Rules of one message: posted once under the id that the client chose, changed by its author in time
//! (`protocol.md` 6, items 94 to 103).

use crate::Aggregate;
use chrono::{DateTime, Utc};
use events::{
    AccountId, MessageEvent, MessageId, Personal, Subject, TeamId, UploadId,
    chat::ChatRef,
    message::{self, Author},
};

/// What is known of a message.
#[derive(Clone, Debug, Default)]
pub struct Message {
    posted: Option<message::Posted>,
    content: Option<Content>,
    deleted: bool,
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
    /// Whose key seals the text; an integration's text is the team's.
    pub account: Option<AccountId>,
    /// The text.
    pub text: String,
    /// Marked as important.
    pub important: bool,
    /// No link previews wanted.
    pub nopreview: bool,
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
}

impl Message {
    /// The conversation that it was posted to.
    pub fn chat(&self) -> Option<(TeamId, ChatRef)> {
        self.posted.as_ref().map(|posted| (posted.team, posted.chat))
    }

    /// Whether it is gone, for good.
    pub fn is_deleted(&self) -> bool {
        self.deleted
    }

    fn say(&self, draft: Draft, now: DateTime<Utc>) -> Result<Vec<MessageEvent>, Rejection> {
        let subject = draft.account.map_or(Subject::Team(draft.team), Subject::Account);
        let text = Personal::new(subject, draft.text);
        let Some(posted) = &self.posted else {
            return Ok(vec![
                message::Posted {
                    message: draft.message,
                    team: draft.team,
                    chat: draft.chat,
                    author: draft.author,
                    text,
                    important: draft.important,
                    nopreview: draft.nopreview,
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
        let content = Content { text, important: draft.important, nopreview: draft.nopreview };
        if self.deleted {
            return Err(Rejection::NoMessage);
        }
        if self.content.as_ref() == Some(&content) {
            return Ok(vec![]); // the same message, sent again
        }
        if now > posted.editable_until {
            return Err(Rejection::TooOld);
        }
        let Content { text, important, nopreview } = content;
        Ok(vec![message::Edited { text, important, nopreview }.into()])
    }
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
            Command::Delete { author, any, now } => match &self.posted {
                None => Err(Rejection::NoMessage),
                Some(_) if self.deleted => Ok(vec![]),
                Some(posted) if !any && posted.author != author => Err(Rejection::NotAllowed),
                Some(posted) if !any && now > posted.editable_until => Err(Rejection::TooOld),
                Some(_) => Ok(vec![message::Deleted {}.into()]),
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::given;
    use events::ContactId;
    use uuid::Uuid;

    const ME: ContactId = ContactId(Uuid::from_u128(1));
    const YOU: ContactId = ContactId(Uuid::from_u128(2));

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    fn say(author: ContactId, text: &str, second: i64) -> Command {
        let draft = Draft {
            message: MessageId(Uuid::from_u128(3)),
            team: TeamId(Uuid::from_u128(9)),
            chat: ChatRef::direct(ME, YOU),
            author: Author::Contact(author),
            account: Some(AccountId(author.0)),
            text: text.into(),
            important: false,
            nopreview: false,
            reply_to: None,
            linked_messages: vec![],
            uploads: vec![],
            update_age: 100,
        };
        Command::Say { draft, now: at(second) }
    }

    fn delete(author: ContactId, any: bool, second: i64) -> Command {
        Command::Delete { author: Author::Contact(author), any, now: at(second) }
    }

    #[test]
    fn saying_it_again_changes_nothing_and_another_text_edits() {
        let posted = given::<Message>(&[]).when(say(ME, "пыщ!", 0)).unwrap();
        assert_eq!(given::<Message>(&posted).when(say(ME, "пыщ!", 5)), Ok(vec![]));
        let edited = given::<Message>(&posted).when(say(ME, "ещё", 100)).unwrap();
        assert!(matches!(&edited[..], [MessageEvent::Edited(e)] if e.text.or_default() == "ещё"));
        assert_eq!(given::<Message>(&posted).when(say(ME, "ещё", 101)), Err(Rejection::TooOld));
    }

    #[test]
    fn an_id_of_somebody_else_is_taken() {
        let posted = given::<Message>(&[]).when(say(ME, "пыщ!", 0)).unwrap();
        assert_eq!(given::<Message>(&posted).when(say(YOU, "пыщ!", 1)), Err(Rejection::IdTaken));
    }

    #[test]
    fn its_author_deletes_in_time_and_admins_at_any_time() {
        let posted = given::<Message>(&[]).when(say(ME, "пыщ!", 0)).unwrap();
        assert_eq!(given::<Message>(&posted).when(delete(YOU, false, 1)), Err(Rejection::NotAllowed));
        assert_eq!(given::<Message>(&posted).when(delete(ME, false, 101)), Err(Rejection::TooOld));
        assert!(given::<Message>(&posted).when(delete(YOU, true, 101)).is_ok());
        let mut gone = posted.clone();
        gone.extend(given::<Message>(&posted).when(delete(ME, false, 1)).unwrap());
        assert_eq!(given::<Message>(&gone).when(say(ME, "снова", 2)), Err(Rejection::NoMessage));
        assert_eq!(given::<Message>(&[]).when(delete(ME, false, 1)), Err(Rejection::NoMessage));
    }
}
