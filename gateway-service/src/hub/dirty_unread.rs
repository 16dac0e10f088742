//! The contacts and groups of a team whose unread counters have changed since they were last counted.

use events::{ContactId, GroupId};
use protocol::notice::{Audience, FeedRow, Notice};
use std::collections::HashSet;

/// Contacts and groups whose unread counters changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DirtyUnread {
    pub(super) contacts: HashSet<ContactId>,
    pub(super) groups: HashSet<GroupId>,
}

impl DirtyUnread {
    /// Marks the audience of a row, if the row changes counters.
    pub(crate) fn note(&mut self, feed: &FeedRow) {
        match (&feed.notice, &feed.audience) {
            (Notice::ReadMarked { contact, .. } | Notice::ChatSettingsChanged { contact, .. }, _) => {
                self.contacts.insert(*contact);
            }
            (Notice::MessageUpdated { .. } | Notice::GroupDeleted { .. }, Audience::Contacts(contacts)) => {
                self.contacts.extend(contacts);
            }
            // The rows of a deleted group still list its members.
            (Notice::MessageUpdated { .. } | Notice::GroupDeleted { .. }, Audience::Group(group)) => {
                self.groups.insert(*group);
            }
            _ => {}
        }
    }

    /// Whether nothing is marked.
    pub(crate) fn is_empty(&self) -> bool {
        self.contacts.is_empty() && self.groups.is_empty()
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
    fn read_marks_and_chat_settings_mark_their_contact_dirty() {
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
        let mut dirty = DirtyUnread::default();
        let receipt = ReadReceipt { author, message: MessageId(Uuid::nil()), readers: 1 };
        let seen = Notice::MessagesReceived { chat, messages: vec![receipt] };
        dirty.note(&row(seen, Audience::Contacts(vec![author])));
        assert!(dirty.is_empty());
        let kept = Notice::ChatSettingsChanged { contact: reader, chat, counted: false };
        dirty.note(&row(kept, Audience::Contacts(vec![reader])));
        assert_eq!(dirty.contacts, HashSet::from([reader]));
    }
}
