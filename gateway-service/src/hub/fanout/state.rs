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

/// State of the fan-out.
#[derive(Default)]
pub(crate) struct Fanout {
    /// Position up to which rows were fanned out; `None` until the start is known.
    pub(super) at: Option<FeedPosition>,
    /// The highest position known to exist.
    pub(super) known_head: Position,
    /// The table is being read, or a read is requested.
    pub(super) filling: bool,
    /// A batch was missed during the read.
    pub(super) again: bool,
    pub(super) wanted: bool,
    pub(super) channels: HashMap<Scope, Channel>,
    pub(super) scopes: HashMap<Uuid, Scope>,
    pub(super) subscribers: HashMap<SocketId, Subscriber>,
}

/// The hub's side of a socket.
pub(super) struct Subscriber {
    pub(super) queue: Sender<Delivery>,
    pub(super) subscriptions: HashMap<Scope, SubscriptionKind>,
    pub(super) state: SubscriberState,
    /// Tells the socket's task that it is lagging.
    pub(super) behind: Arc<AtomicBool>,
}

pub(super) enum SubscriberState {
    /// Rows are delivered as they come.
    Live {
        /// The groups of the contact.
        groups: HashSet<GroupId>,
        /// The socket has got everything up to here: a socket that read for itself may be ahead of the hub.
        from: FeedPosition,
    },
    /// The socket reads for itself. Its cursor is kept here until the socket takes it.
    Lagging(Option<Cursor>),
}

impl Subscriber {
    /// Whether a row at this position must be delivered.
    pub(super) fn awaits(&self, point: FeedPosition) -> bool {
        match &self.state {
            SubscriberState::Live { from, .. } => point > *from,
            SubscriberState::Lagging(_) => false,
        }
    }
}
