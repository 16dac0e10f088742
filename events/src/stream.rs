//! Stream names: built and parsed in one place.

use crate::{AccountId, ChatKey, ContactId, GroupId, MessageId, RemindId, TeamId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of a stream: `{category}-{id}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamName(String);

impl StreamName {
    /// A phone number, by its keyed hash (hex).
    pub fn phone(keyed_hash: &str) -> Self {
        Self(format!("phone-{keyed_hash}"))
    }

    /// The login codes of all phones on a day, `2026-11-30`.
    pub fn codes(day: &str) -> Self {
        Self(format!("codes-{day}"))
    }

    /// An account.
    pub fn account(id: AccountId) -> Self {
        Self(format!("account-{id}"))
    }

    /// A team.
    pub fn team(id: TeamId) -> Self {
        Self(format!("team-{id}"))
    }

    /// A group.
    pub fn chat(id: GroupId) -> Self {
        Self(format!("chat-{id}"))
    }

    /// A message.
    pub fn message(id: MessageId) -> Self {
        Self(format!("message-{id}"))
    }

    /// The files of a team.
    pub fn uploads(team: TeamId) -> Self {
        Self(format!("uploads-{team}"))
    }

    /// How far a contact has read a chat.
    pub fn reading(contact: ContactId, chat: ChatKey) -> Self {
        Self(format!("read-{contact}-{chat}"))
    }

    /// A task.
    pub fn task(id: GroupId) -> Self {
        Self(format!("task-{id}"))
    }

    /// The tags of a team's tasks.
    pub fn tags(team: TeamId) -> Self {
        Self(format!("tags-{team}"))
    }

    /// A reminder.
    pub fn remind(id: RemindId) -> Self {
        Self(format!("remind-{id}"))
    }

    /// What operators ruled about the projection.
    pub fn projection() -> Self {
        Self("projection-read".to_owned())
    }

    /// Facts about the log itself: from where on it proves its events, and what operators have accepted.
    pub fn history() -> Self {
        Self("history-log".to_owned())
    }

    /// What an account looked up in history.
    pub fn audit(id: AccountId) -> Self {
        Self(format!("audit-{id}"))
    }

    /// A name as stored; nothing is checked.
    pub fn stored(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The part before the first dash.
    pub fn category(&self) -> &str {
        self.0.split_once('-').map_or(&self.0, |(category, _)| category)
    }

    /// The part behind the first dash.
    pub fn id(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, id)| id)
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn category_and_id_are_split_at_the_first_dash() {
        let stream = StreamName::team(TeamId(uuid::Uuid::nil()));
        assert_eq!(stream.category(), "team");
        assert_eq!(stream.id(), "00000000-0000-0000-0000-000000000000");
    }
}
