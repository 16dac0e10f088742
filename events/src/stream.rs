//! Stream names: built and parsed only here.

use crate::{AccountId, ChatKey, ContactId, GroupId, MessageId, MessageKey, RemindId, TeamId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Characters of a uuid in a stream name.
const UUID_LENGTH: usize = 36;

/// Name of a stream: `{category}-{id}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamName(String);

impl StreamName {
    /// Stream of a phone number, given its keyed hash in hex.
    pub fn phone(keyed_hash: &str) -> Self {
        Self(format!("phone-{keyed_hash}"))
    }

    /// Stream with the login codes of all phones on a day, e.g. `2026-11-30`.
    pub fn codes(day: &str) -> Self {
        Self(format!("codes-{day}"))
    }

    /// Stream of an account.
    pub fn account(id: AccountId) -> Self {
        Self(format!("account-{id}"))
    }

    /// Stream of a team.
    pub fn team(id: TeamId) -> Self {
        Self(format!("team-{id}"))
    }

    /// Stream of a group.
    pub fn chat(id: GroupId) -> Self {
        Self(format!("chat-{id}"))
    }

    /// Stream of a message.
    pub fn message(MessageKey { team, message }: MessageKey) -> Self {
        Self(format!("message-{team}-{message}"))
    }

    /// Stream of a message in the earlier form, when message ids were unique across teams. Such streams stay in use; no new
    /// one begins.
    pub fn message_by_id(id: MessageId) -> Self {
        Self(format!("message-{id}"))
    }

    /// Stream of a team's files.
    pub fn uploads(team: TeamId) -> Self {
        Self(format!("uploads-{team}"))
    }

    /// Stream of a contact's read mark, own settings and drafts in a chat.
    pub fn reading(contact: ContactId, chat: ChatKey) -> Self {
        Self(format!("read-{contact}-{chat}"))
    }

    /// Stream of a task.
    pub fn task(id: GroupId) -> Self {
        Self(format!("task-{id}"))
    }

    /// Stream of a team's tags.
    pub fn tags(team: TeamId) -> Self {
        Self(format!("tags-{team}"))
    }

    /// Stream of a reminder.
    pub fn remind(id: RemindId) -> Self {
        Self(format!("remind-{id}"))
    }

    /// Stream of operators' rulings about the projection.
    pub fn projection() -> Self {
        Self("projection-read".to_owned())
    }

    /// Stream of events about the log itself.
    pub fn history() -> Self {
        Self("history-log".to_owned())
    }

    /// Stream of an account's look-ups in the audit.
    pub fn audit(id: AccountId) -> Self {
        Self(format!("audit-{id}"))
    }

    /// Any stored name, unchecked.
    pub fn stored(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Part before the first dash.
    pub fn category(&self) -> &str {
        self.0.split_once('-').map_or(&self.0, |(category, _)| category)
    }

    /// Part after the first dash.
    pub fn id(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, id)| id)
    }

    /// Parses the name of a message's stream. The team is absent in the earlier form, see [`Self::message_by_id`].
    pub fn message_in(&self) -> Option<(Option<TeamId>, MessageId)> {
        if self.category() != "message" {
            return None;
        }
        match self.id().split_at_checked(UUID_LENGTH) {
            Some((id, "")) => Some((None, id.parse().ok()?)),
            Some((team, id)) => Some((Some(team.parse().ok()?), id.strip_prefix('-')?.parse().ok()?)),
            None => None,
        }
    }

    /// Whole name.
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

    #[test]
    fn message_stream_names_the_team_and_the_earlier_form_the_message_alone() {
        let (team, message) = (TeamId(uuid::Uuid::from_u128(1)), MessageId(uuid::Uuid::from_u128(2)));
        let stream = StreamName::message(MessageKey { team, message });
        assert_eq!(stream.as_str(), format!("message-{team}-{message}"));
        assert_eq!(stream.message_in(), Some((Some(team), message)));
        assert_eq!(StreamName::message_by_id(message).message_in(), Some((None, message)));
        for other in [
            StreamName::team(team),
            StreamName::stored("message-1"),
            StreamName::stored(format!("message-{team}-")),
        ] {
            assert_eq!(other.message_in(), None, "{other}");
        }
    }
}
