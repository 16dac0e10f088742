//! Unread counters of the other teams of a socket's account. The hub does not deliver the rows of those teams; it
//! marks whose counters they change, and counts them together periodically, in a few statements.

use crate::hub::{channel::SocketId, dirty_unread::DirtyUnread, shared::Hub};
use events::{ContactId, GroupId};
use read_model::QueryError;
use std::collections::HashSet;

/// Contacts counted by one statement.
const TOGETHER: usize = 200;

impl Hub {
    /// Counts the changed counters and delivers them.
    pub(super) async fn count_other_teams(&self) {
        let dirty = self.fanout().take_dirty();
        for (dirty, listeners) in dirty {
            if let Err(error) = self.count_team(&dirty, &listeners).await {
                tracing::warn!(%error, "counting the unread messages of other teams failed");
            }
        }
    }

    async fn count_team(
        &self,
        dirty: &DirtyUnread,
        listeners: &[(SocketId, ContactId)],
    ) -> Result<(), QueryError> {
        let read = self.read();
        let all: HashSet<ContactId> = listeners.iter().map(|(_, contact)| *contact).collect();
        let mut concerned: HashSet<ContactId> = all.intersection(&dirty.contacts).copied().collect();
        if !dirty.groups.is_empty() {
            let rest: Vec<ContactId> = all.difference(&concerned).copied().collect();
            let groups: Vec<GroupId> = dirty.groups.iter().copied().collect();
            concerned.extend(read.groups().members_among(&groups, &rest).await?);
        }
        let concerned: Vec<ContactId> = concerned.into_iter().collect();
        for some in concerned.chunks(TOGETHER) {
            let unread = read.unread().counts(some).await?;
            let fanout = self.fanout();
            for (socket, contact) in listeners.iter().filter(|(_, contact)| some.contains(contact)) {
                fanout.notify_other_team(*socket, *contact, unread.get(contact).copied().unwrap_or_default());
            }
        }
        Ok(())
    }
}
