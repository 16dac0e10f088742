//! A socket's side of the hub.

use crate::hub::{
    channel::SocketId,
    cursor::{Cursor, SubscriptionKind},
    delivery::Delivery,
    shared::Hub,
};
use events::GroupId;
use protocol::{FeedPosition, notice::Scope};
use read_model::{QueryError, feed::FeedRead};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::mpsc;

/// Capacity of a subscriber's queue; when it is full, the socket reads for itself.
const QUEUE: usize = 256;

/// A socket's side of the hub; dropping it unsubscribes.
pub(crate) struct SubscriberHandle {
    hub: Hub,
    id: SocketId,
    queue: mpsc::Receiver<Delivery>,
    behind: Arc<AtomicBool>,
}

impl Hub {
    /// Registers a new socket. It gets no rows until [`SubscriberHandle::go_live`].
    pub(crate) fn enter(&self) -> SubscriberHandle {
        SubscriberHandle::new(self.clone(), self.next_id())
    }
}

impl SubscriberHandle {
    fn new(hub: Hub, id: SocketId) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        let behind = Arc::new(AtomicBool::new(true));
        hub.fanout().enter(id, sender, Arc::clone(&behind));
        Self { hub, id, queue, behind }
    }

    /// Id of the socket within this process.
    pub(crate) fn id(&self) -> SocketId {
        self.id
    }

    /// Subscribes a lagging socket to more scopes. Returns a position after which the hub misses none of their
    /// rows.
    pub(crate) async fn listen(
        &self,
        subscriptions: &HashMap<Scope, SubscriptionKind>,
    ) -> Result<FeedPosition, QueryError> {
        let at = self.hub.settled().await?;
        let mut fanout = self.hub.fanout();
        subscriptions.iter().for_each(|(scope, kind)| fanout.listen(self.id, *scope, *kind));
        Ok(fanout.at().unwrap_or(at))
    }

    /// The next delivery. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Option<Delivery> {
        self.queue.recv().await
    }

    /// The next delivery, if there is one.
    pub(crate) fn try_next(&mut self) -> Option<Delivery> {
        self.queue.try_recv().ok()
    }

    /// The cursor of a lagging socket, once its queue is empty.
    pub(crate) fn fell_behind(&mut self) -> Option<Cursor> {
        if !self.behind.load(Ordering::Acquire) || !self.queue.is_empty() {
            return None;
        }
        self.hub.fanout().take_cursor(self.id)
    }

    /// Gets rows as they come from now on.
    ///
    /// # Errors
    /// The cursor lags too far: it comes back, to read on from.
    pub(crate) fn go_live(&self, cursor: Cursor) -> Result<(), Cursor> {
        self.hub.fanout().go_live(self.id, cursor)
    }

    /// Stops deliveries, so that the socket can read from a cursor of its own choice; queued rows are dropped, the
    /// feed has them. Returns the subscriptions.
    pub(crate) fn step_aside(&mut self) -> HashMap<Scope, SubscriptionKind> {
        let subscriptions = self.hub.fanout().step_aside(self.id);
        while self.queue.try_recv().is_ok() {}
        subscriptions
    }

    /// Position up to which everything was delivered; `None` while the queue is not empty.
    pub(crate) fn given(&self) -> Option<FeedPosition> {
        // The hub does not fill the queue while its lock is held.
        let fanout = self.hub.fanout();
        if self.queue.is_empty() { fanout.given(self.id) } else { None }
    }

    /// The next rows of these scopes from the table.
    pub(crate) async fn read(
        &self,
        scopes: &[Scope],
        after: FeedPosition,
        limit: i64,
    ) -> Result<FeedRead, QueryError> {
        self.hub.read().feed().page(scopes, after, limit).await
    }

    /// Whether the contact is in a group.
    pub(crate) fn is_in_group(&self, group: GroupId) -> bool {
        self.hub.fanout().is_in_group(self.id, group)
    }
}

impl Drop for SubscriberHandle {
    fn drop(&mut self) {
        self.hub.fanout().leave(self.id);
    }
}
