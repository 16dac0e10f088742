//! The life of a subscriber: enters, reads for itself, goes live, lags, leaves.

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
    /// Adds a subscriber, lagging at first.
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

    /// Subscribes a lagging socket to one more scope.
    pub(crate) fn listen(&mut self, socket: SocketId, scope: Scope, kind: SubscriptionKind) {
        let Some(subscriber) = self.subscribers.get_mut(&socket) else { return };
        subscriber.subscriptions.insert(scope, kind);
        self.scopes.insert(scope.uuid(), scope);
        let at = self.at.unwrap_or_default();
        self.channels.entry(scope).or_insert_with(|| Channel::new(at)).add(socket, kind);
    }

    /// Removes a subscriber.
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

    /// Takes the cursor of a lagging subscriber; once.
    pub(crate) fn take_cursor(&mut self, socket: SocketId) -> Option<Cursor> {
        match &mut self.subscribers.get_mut(&socket)?.state {
            SubscriberState::Lagging(cursor) => cursor.take(),
            SubscriberState::Live { .. } => None,
        }
    }

    /// Makes a subscriber live that has read up to its cursor; rows since then are delivered at once.
    ///
    /// # Errors
    /// The subscriber or the fan-out itself lags too far: the cursor comes back, to read on from.
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
        // The cursor must not change before it is certain that all rows fit, including those that do not concern it.
        if rows.len() > subscriber.queue.capacity() {
            return Err(cursor);
        }
        rows.sort_unstable_by_key(|row| row.feed.feed_position());
        let from = cursor.at;
        for row in rows {
            if cursor.pass(&row.feed) {
                // The queue has room: only the hub fills it, and the caller holds the hub's lock.
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

    /// Makes a subscriber lag, so that it can choose its own cursor. Returns its subscriptions.
    pub(crate) fn step_aside(&mut self, socket: SocketId) -> HashMap<Scope, SubscriptionKind> {
        self.fall_behind(socket);
        self.take_cursor(socket);
        self.subscribers.get(&socket).map(|subscriber| subscriber.subscriptions.clone()).unwrap_or_default()
    }

    /// Position up to which everything was delivered to a live subscriber.
    pub(crate) fn given(&self, socket: SocketId) -> Option<FeedPosition> {
        match &self.subscribers.get(&socket)?.state {
            SubscriberState::Live { from, .. } => self.at.map(|at| at.max(*from)),
            SubscriberState::Lagging(_) => None,
        }
    }

    /// Whether a subscriber is in the audience of a group.
    pub(crate) fn is_in_group(&self, socket: SocketId, group: GroupId) -> bool {
        match self.subscribers.get(&socket).map(|subscriber| &subscriber.state) {
            Some(SubscriberState::Live { groups, .. }) => groups.contains(&group),
            Some(SubscriberState::Lagging(Some(cursor))) => cursor.groups.contains(&group),
            Some(SubscriberState::Lagging(None)) | None => false,
        }
    }

    /// Marks a subscriber with a full queue as lagging: its cursor is before the row that is being fanned out.
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
