//! Audiences of groups: live subscribers learn them from the rows that are fanned out.

use super::state::{Fanout, SubscriberState};
use crate::hub::channel::SocketId;
use events::{ContactId, GroupId};
use protocol::notice::Scope;

impl Fanout {
    /// Adds the live sockets of these contacts to the audience of a group.
    pub(super) fn join(&mut self, scope: Scope, group: GroupId, joined: &[ContactId]) {
        let Some(channel) = self.channels.get_mut(&scope) else { return };
        let sockets: Vec<SocketId> =
            joined.iter().flat_map(|contact| channel.sockets_of(*contact)).copied().collect();
        for socket in sockets {
            if let Some(SubscriberState::Live { groups, .. }) =
                self.subscribers.get_mut(&socket).map(|subscriber| &mut subscriber.state)
            {
                groups.insert(group);
                channel.add_to_group(socket, group);
            }
        }
    }

    /// Removes the sockets of these contacts from the audience of a group; no contacts means everybody.
    pub(super) fn part(&mut self, scope: Scope, group: GroupId, left: &[ContactId]) {
        let Some(channel) = self.channels.get_mut(&scope) else { return };
        let sockets: Vec<SocketId> = if left.is_empty() {
            channel.remove_group(group).into_iter().collect()
        } else {
            left.iter().flat_map(|contact| channel.sockets_of(*contact)).copied().collect()
        };
        for socket in sockets {
            channel.remove_from_group(socket, group);
            if let Some(SubscriberState::Live { groups, .. }) =
                self.subscribers.get_mut(&socket).map(|subscriber| &mut subscriber.state)
            {
                groups.remove(&group);
            }
        }
    }

    /// Removes the live sockets of a contact from the audiences of all groups.
    pub(super) fn part_from_all(&mut self, scope: Scope, contact: ContactId) {
        let Some(channel) = self.channels.get(&scope) else { return };
        for socket in channel.sockets_of(contact).to_vec() {
            let Some(subscriber) = self.subscribers.get_mut(&socket) else { continue };
            if let SubscriberState::Live { groups, .. } = &mut subscriber.state {
                let groups = std::mem::take(groups);
                self.unlist(socket, scope, &groups);
            }
        }
    }
}
