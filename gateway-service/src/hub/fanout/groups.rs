//! Who hears which group: sockets that are live learn it from the rows that are handed out.

use super::state::{Fanout, SubscriberState};
use crate::hub::channel::SocketId;
use events::{ContactId, GroupId};
use protocol::notice::Scope;

impl Fanout {
    /// Live sockets of these contacts hear a group from now on.
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

    /// Sockets of these contacts hear a group no longer; nobody does when none is named.
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

    /// Live sockets of a contact hear no group any longer.
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
