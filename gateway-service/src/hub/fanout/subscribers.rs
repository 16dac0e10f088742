//! The sockets of the fanout: they come, read for themselves, go live, fall behind and leave.

use super::state::{Fanout, Subscriber, SubscriberState};
use crate::{
    hub::{
        channel::{Channel, SocketId},
        cursor::{Cursor, SubscriptionKind},
        delivery::Delivery,
    },
    meters,
    shared_row::SharedRow,
};
use events::GroupId;
use protocol::{FeedPosition, notice::Scope};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::mpsc::Sender;

impl Fanout {
    /// A socket comes, not yet live.
    pub(crate) fn enter(&mut self, socket: SocketId, queue: Sender<Delivery>, behind: Arc<AtomicBool>) {
        behind.store(true, Ordering::Release);
        let subscriber = Subscriber {
            queue,
            subscriptions: HashMap::new(),
            state: SubscriberState::Lagging(None),
            behind,
        };
        self.subscribers.insert(socket, subscriber);
    }

    /// A socket that is not live listens to one more scope.
    pub(crate) fn listen(&mut self, socket: SocketId, scope: Scope, kind: SubscriptionKind) {
        let Some(subscriber) = self.subscribers.get_mut(&socket) else { return };
        subscriber.subscriptions.insert(scope, kind);
        self.scopes.insert(scope.uuid(), scope);
        let at = self.at.unwrap_or_default();
        self.channels.entry(scope).or_insert_with(|| Channel::new(at)).add(socket, kind);
    }

    /// A socket goes.
    pub(crate) fn leave(&mut self, socket: SocketId) {
        let Some(subscriber) = self.subscribers.remove(&socket) else { return };
        for scope in subscriber.subscriptions.keys() {
            if let SubscriberState::Live { groups, .. } = &subscriber.state {
                self.unlist(socket, *scope, groups);
            }
            let Some(channel) = self.channels.get_mut(scope) else { continue };
            channel.remove(socket);
            if channel.is_deserted() {
                self.channels.remove(scope);
                self.scopes.remove(&scope.uuid());
            }
        }
    }

    /// The cursor of a socket that fell behind; once.
    pub(crate) fn take_cursor(&mut self, socket: SocketId) -> Option<Cursor> {
        match &mut self.subscribers.get_mut(&socket)?.state {
            SubscriberState::Lagging(cursor) => cursor.take(),
            SubscriberState::Live { .. } => None,
        }
    }

    /// A socket that has read up to its cursor hears rows as they come from now on; what came since then it gets at
    /// once.
    ///
    /// # Errors
    /// It is too far behind, or the fanout itself is: it gets its cursor back and must read on.
    pub(crate) fn go_live(&mut self, socket: SocketId, mut cursor: Cursor) -> Result<(), Cursor> {
        let Some(subscriber) = self.subscribers.get_mut(&socket) else { return Ok(()) };
        if self.filling {
            return Err(cursor);
        }
        let mut rows: Vec<Arc<SharedRow>> = Vec::new();
        for scope in cursor.subscriptions.keys() {
            let Some(channel) = self.channels.get(scope) else { continue };
            let Some(recent) = channel.since(cursor.at) else { return Err(cursor) };
            rows.extend(recent.cloned());
        }
        // Nothing of the cursor may change before it is certain that all fits: rows that do not concern it count too.
        if rows.len() > subscriber.queue.capacity() {
            return Err(cursor);
        }
        rows.sort_unstable_by_key(|row| row.feed.feed_position());
        let from = cursor.at;
        for row in rows {
            if cursor.pass(&row.feed) {
                // There is room: only the hub fills the queue, and it does not run now.
                let _ = subscriber.queue.try_send(Delivery::Row(row));
            }
        }
        for (scope, kind) in &cursor.subscriptions {
            let Some(channel) = self.channels.get_mut(scope) else { continue };
            if matches!(kind, SubscriptionKind::Team(_)) {
                for group in &cursor.groups {
                    channel.add_to_group(socket, *group);
                }
            }
        }
        subscriber.state = SubscriberState::Live { groups: cursor.groups, from };
        subscriber.behind.store(false, Ordering::Release);
        Ok(())
    }

    /// A socket wants to read for itself, from a cursor of its own choice. Answers what it listens to.
    pub(crate) fn step_aside(&mut self, socket: SocketId) -> HashMap<Scope, SubscriptionKind> {
        self.fall_behind(socket);
        self.take_cursor(socket);
        self.subscribers.get(&socket).map(|subscriber| subscriber.subscriptions.clone()).unwrap_or_default()
    }

    /// Up to where a live socket was given everything.
    pub(crate) fn given(&self, socket: SocketId) -> Option<FeedPosition> {
        match &self.subscribers.get(&socket)?.state {
            SubscriberState::Live { from, .. } => self.at.map(|at| at.max(*from)),
            SubscriberState::Lagging(_) => None,
        }
    }

    /// Whether a live socket hears a group.
    pub(crate) fn is_in_group(&self, socket: SocketId, group: GroupId) -> bool {
        match self.subscribers.get(&socket).map(|subscriber| &subscriber.state) {
            Some(SubscriberState::Live { groups, .. }) => groups.contains(&group),
            Some(SubscriberState::Lagging(Some(cursor))) => cursor.groups.contains(&group),
            Some(SubscriberState::Lagging(None)) | None => false,
        }
    }

    /// A socket's queue is full: it stands before the row that is being handed out, and reads for itself from there.
    pub(super) fn fall_behind(&mut self, socket: SocketId) {
        let Some(subscriber) = self.subscribers.get_mut(&socket) else { return };
        let SubscriberState::Live { groups, from } = &mut subscriber.state else { return };
        let (groups, at) = (std::mem::take(groups), self.at.unwrap_or_default().max(*from));
        let subscriptions = subscriber.subscriptions.clone();
        subscriber.state = SubscriberState::Lagging(Some(Cursor {
            subscriptions: subscriptions.clone(),
            at,
            groups: groups.clone(),
        }));
        subscriber.behind.store(true, Ordering::Release);
        meters::lagging();
        for scope in subscriptions.keys() {
            self.unlist(socket, *scope, &groups);
        }
    }

    pub(super) fn unlist(&mut self, socket: SocketId, scope: Scope, groups: &HashSet<GroupId>) {
        let Some(channel) = self.channels.get_mut(&scope) else { return };
        if matches!(channel.kind(socket), Some(SubscriptionKind::Team(_))) {
            for group in groups {
                channel.remove_from_group(socket, *group);
            }
        }
    }
}
