//! Unread counters in the other teams of a socket's account. Rows of those teams are not handed out to it; that some of
//! them concern it is noted, and now and then all whom that is true of are counted together, in a few statements.

use crate::hub::{Hub, channel::SocketId};
use events::{ContactId, GroupId};
use protocol::notice::{Audience, FeedRow, Notice};
use read_model::QueryError;
use std::collections::HashSet;

/// Contacts that are counted by one statement.
const TOGETHER: usize = 200;

/// Whose unread counters have moved in a team.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stirred {
    contacts: HashSet<ContactId>,
    groups: HashSet<GroupId>,
}

impl Stirred {
    /// Notes whom a row concerns, if it is one that moves counters.
    pub(crate) fn note(&mut self, feed: &FeedRow) {
        match (&feed.notice, &feed.audience) {
            (Notice::ReadMarked { contact, .. } | Notice::ChatSettingsChanged { contact, .. }, _) => {
                self.contacts.insert(*contact);
            }
            (Notice::MessageUpdated { .. } | Notice::GroupDeleted { .. }, Audience::Contacts(contacts)) => {
                self.contacts.extend(contacts);
            }
            // Of a group that is gone the rows still tell who was in it.
            (Notice::MessageUpdated { .. } | Notice::GroupDeleted { .. }, Audience::Group(group)) => {
                self.groups.insert(*group);
            }
            _ => {}
        }
    }

    /// Nothing has moved.
    pub(crate) fn is_empty(&self) -> bool {
        self.contacts.is_empty() && self.groups.is_empty()
    }
}

impl Hub {
    /// Counts for those whose counters have moved elsewhere since the last time, and tells them.
    pub(super) async fn count_elsewhere(&self) {
        let stirred = self.board().take_stirred();
        for (stirred, listeners) in stirred {
            if let Err(error) = self.count_team(&stirred, &listeners).await {
                tracing::warn!(%error, "unread messages of other teams cannot be counted");
            }
        }
    }

    async fn count_team(
        &self,
        stirred: &Stirred,
        listeners: &[(SocketId, ContactId)],
    ) -> Result<(), QueryError> {
        let read = &self.0.read;
        let all: HashSet<ContactId> = listeners.iter().map(|(_, contact)| *contact).collect();
        let mut concerned: HashSet<ContactId> = all.intersection(&stirred.contacts).copied().collect();
        if !stirred.groups.is_empty() {
            let rest: Vec<ContactId> = all.difference(&concerned).copied().collect();
            let groups: Vec<GroupId> = stirred.groups.iter().copied().collect();
            concerned.extend(read.groups().members_among(&groups, &rest).await?);
        }
        let concerned: Vec<ContactId> = concerned.into_iter().collect();
        for some in concerned.chunks(TOGETHER) {
            let unread = read.unread().counts(some).await?;
            let board = self.board();
            for (socket, contact) in listeners.iter().filter(|(_, contact)| some.contains(contact)) {
                board.tell_elsewhere(*socket, *contact, unread.get(contact).copied().unwrap_or_default());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use events::{MessageId, TeamId, chat::ChatRef};
    use protocol::notice::{ReadReceipt, Scope};
    use uuid::Uuid;

    #[test]
    fn marks_and_settings_move_the_counters_of_whose_they_are() {
        let (reader, author) = (ContactId(Uuid::from_u128(1)), ContactId(Uuid::from_u128(2)));
        let row = |notice, audience| FeedRow {
            position: 1,
            ordinal: 0,
            scope: Scope::Team(TeamId(Uuid::from_u128(3))),
            audience,
            at: DateTime::from_timestamp(0, 0).unwrap(),
            notice,
        };
        let chat = ChatRef::direct(reader, author);
        let mut stirred = Stirred::default();
        let receipt = ReadReceipt { author, message: MessageId(Uuid::nil()), readers: 1 };
        let seen = Notice::MessagesReceived { chat, messages: vec![receipt] };
        stirred.note(&row(seen, Audience::Contacts(vec![author])));
        assert!(stirred.is_empty());
        let kept = Notice::ChatSettingsChanged { contact: reader, chat, counted: false };
        stirred.note(&row(kept, Audience::Contacts(vec![reader])));
        assert_eq!(stirred.contacts, HashSet::from([reader]));
    }
}
