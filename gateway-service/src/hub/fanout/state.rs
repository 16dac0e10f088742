//! The fan-out's state: its position, the channels of the scopes, and the subscribers.

use crate::hub::{
    channel::{Channel, SocketId},
    cursor::{Cursor, SubscriptionKind},
    delivery::Delivery,
};
use events::{GroupId, Position};
use protocol::{FeedPosition, notice::Scope};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, atomic::AtomicBool},
};
use tokio::sync::mpsc::Sender;
use uuid::Uuid;

/// See the file's head.
#[derive(Default)]
pub(crate) struct Fanout {
    /// Up to here rows were handed out; `None` until it is known where to begin.
    pub(super) at: Option<FeedPosition>,
    /// The highest position that was heard of.
    pub(super) heard: Position,
    /// The table is being read, or is to be.
    pub(super) filling: bool,
    /// Something was missed while it was.
    pub(super) again: bool,
    pub(super) wanted: bool,
    pub(super) channels: HashMap<Scope, Channel>,
    pub(super) scopes: HashMap<Uuid, Scope>,
    pub(super) subscribers: HashMap<SocketId, Subscriber>,
}

/// The hub's end of a socket.
pub(super) struct Subscriber {
    pub(super) queue: Sender<Delivery>,
    pub(super) subscriptions: HashMap<Scope, SubscriptionKind>,
    pub(super) state: SubscriberState,
    /// Tells the socket's task that it is behind.
    pub(super) behind: Arc<AtomicBool>,
}

pub(super) enum SubscriberState {
    /// Rows are handed out as they come.
    Live {
        /// The groups that the contact is in.
        groups: HashSet<GroupId>,
        /// The socket has heard all up to here: reading for itself, it may have been faster than the hub.
        from: FeedPosition,
    },
    /// The socket reads for itself. Its cursor lies here until the socket takes it.
    Lagging(Option<Cursor>),
}

impl Subscriber {
    /// Whether it is to be given what stands there.
    pub(super) fn awaits(&self, point: FeedPosition) -> bool {
        match &self.state {
            SubscriberState::Live { from, .. } => point > *from,
            SubscriberState::Lagging(_) => false,
        }
    }
}
