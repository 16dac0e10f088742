//! The two ends of a subscription: a bounded queue that counts what did not fit.

use bytes::Bytes;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::{Notify, mpsc};

/// Maximum number of messages queued for a subscriber; further ones count as missed.
pub(super) const QUEUE: usize = 4_096;

/// A message from the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub subject: Arc<str>,
    pub payload: Bytes,
}

/// An item that a subscriber receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A message.
    Message(Message),
    /// At least this many messages may be lost at or before this point: read the source again. A reconnect counts
    /// as one.
    Missed(u64),
}

/// A subscription; dropping it unsubscribes.
pub struct Subscription {
    queue: mpsc::Receiver<Message>,
    gap: Arc<Gap>,
}

impl Subscription {
    /// The next message or gap; `None` once the bus is drained. Cancel-safe.
    ///
    /// A gap of a slow subscriber is reported before any later message. A gap of a lost connection is reported as
    /// soon as it is restored, possibly after the first messages.
    pub async fn next(&mut self) -> Option<Delivery> {
        loop {
            let missed = self.gap.missed.swap(0, Ordering::SeqCst);
            if missed > 0 {
                return Some(Delivery::Missed(missed));
            }
            tokio::select! {
                biased;
                message = self.queue.recv() => return message.map(Delivery::Message),
                () = self.gap.told.notified() => {}
            }
        }
    }
}

/// The publishing end.
pub(super) struct Outlet {
    queue: mpsc::Sender<Message>,
    gap: Arc<Gap>,
}

#[derive(Default)]
struct Gap {
    missed: AtomicU64,
    told: Notify,
}

pub(super) fn subscription(capacity: usize) -> (Outlet, Subscription) {
    let (sender, receiver) = mpsc::channel(capacity);
    let gap = Arc::new(Gap::default());
    (Outlet { queue: sender, gap: Arc::clone(&gap) }, Subscription { queue: receiver, gap })
}

impl Outlet {
    /// Queues a message or counts it as missed; `false` once the subscription is dropped.
    ///
    /// The count grows while the queue is full of older messages, so the subscriber sees it before anything newer.
    pub(super) fn deliver(&self, message: Message) -> bool {
        match self.queue.try_send(message) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                metrics::counter!("veche_bus_missed_total").increment(1);
                self.tell_missed(1);
                true
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }

    /// Reports to the subscriber that it may have missed messages.
    pub(super) fn tell_missed(&self, count: u64) {
        self.gap.missed.fetch_add(count, Ordering::SeqCst);
        self.gap.told.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Waits until the subscription is dropped.
    pub(super) async fn closed(&self) {
        self.queue.closed().await;
    }
}
