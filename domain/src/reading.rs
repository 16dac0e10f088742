//! Rules of read marks: the last one wins.

use crate::Aggregate;
use events::{ContactId, MessageId, ReadingEvent, TeamId, chat::ChatRef, reading};

/// How far a contact has read a conversation.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    last: Option<MessageId>,
}

/// What may be asked. The message is known to be of the conversation.
#[derive(Clone, Debug)]
pub enum Command {
    /// Everything up to this message has been read.
    Mark {
        /// Where.
        team: TeamId,
        /// In which conversation.
        chat: ChatRef,
        /// By whom.
        contact: ContactId,
        /// The last message read.
        message: MessageId,
    },
}

/// Nothing is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {}

impl Aggregate for Reading {
    type Command = Command;
    type Event = ReadingEvent;
    type Rejection = Rejection;

    fn initial() -> Self {
        Self::default()
    }

    fn decide(&self, command: Command) -> Result<Vec<ReadingEvent>, Rejection> {
        let Command::Mark { team, chat, contact, message } = command;
        let same = self.last == Some(message);
        Ok(if same { vec![] } else { vec![reading::Marked { team, chat, contact, message }.into()] })
    }

    fn evolve(&mut self, event: &ReadingEvent) {
        let ReadingEvent::Marked(marked) = event;
        self.last = Some(marked.message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::given;
    use uuid::Uuid;

    #[test]
    fn marking_the_same_message_again_changes_nothing() {
        let (a, b) = (ContactId(Uuid::from_u128(1)), ContactId(Uuid::from_u128(2)));
        let mark = |n| Command::Mark {
            team: TeamId(Uuid::nil()),
            chat: ChatRef::direct(a, b),
            contact: a,
            message: MessageId(Uuid::from_u128(n)),
        };
        let history = given::<Reading>(&[]).when(mark(5)).unwrap();
        assert_eq!(given::<Reading>(&history).when(mark(5)), Ok(vec![]));
        assert_eq!(given::<Reading>(&history).when(mark(6)).map(|events| events.len()), Ok(1));
    }
}
