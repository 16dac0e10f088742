//! A socket's end of the hub.

use crate::hub::{
    Hub,
    channel::SocketId,
    place::{Delivery, Ear, Place},
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

/// Deliveries that wait for one socket before it must read for itself.
const QUEUE: usize = 256;

/// A socket's end of the hub; dropping it leaves the hub.
pub(crate) struct Seat {
    hub: Hub,
    id: SocketId,
    queue: mpsc::Receiver<Delivery>,
    behind: Arc<AtomicBool>,
}

impl Seat {
    pub(super) fn new(hub: Hub, id: SocketId) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        let behind = Arc::new(AtomicBool::new(true));
        hub.board().enter(id, sender, Arc::clone(&behind));
        Self { hub, id, queue, behind }
    }

    /// Names the socket within this process.
    pub(crate) fn id(&self) -> SocketId {
        self.id
    }

    /// Listens to more scopes; only while the socket reads for itself. Answers a point behind which the hub will miss
    /// nothing of them.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn listen(&self, ears: &HashMap<Scope, Ear>) -> Result<FeedPosition, QueryError> {
        let at = self.hub.settled().await?;
        let mut board = self.hub.board();
        ears.iter().for_each(|(scope, ear)| board.listen(self.id, *scope, *ear));
        Ok(board.at().unwrap_or(at))
    }

    /// The next delivery. May be dropped while waiting: nothing gets lost.
    pub(crate) async fn next(&mut self) -> Option<Delivery> {
        self.queue.recv().await
    }

    /// The next delivery, if there is one.
    pub(crate) fn try_next(&mut self) -> Option<Delivery> {
        self.queue.try_recv().ok()
    }

    /// The place of a socket that fell behind, once all that was in its queue is done.
    pub(crate) fn fell_behind(&mut self) -> Option<Place> {
        if !self.behind.load(Ordering::Acquire) || !self.queue.is_empty() {
            return None;
        }
        self.hub.board().take_place(self.id)
    }

    /// Hears rows as they come from now on.
    ///
    /// # Errors
    /// Too far behind: the place comes back, to read on from.
    pub(crate) fn go_live(&self, place: Place) -> Result<(), Place> {
        self.hub.board().go_live(self.id, place)
    }

    /// Reads for itself from now on, from where it likes; what waits in the queue it will find in the feed. Answers what
    /// it listens to.
    pub(crate) fn step_aside(&mut self) -> HashMap<Scope, Ear> {
        let ears = self.hub.board().step_aside(self.id);
        while self.queue.try_recv().is_ok() {}
        ears
    }

    /// Up to where the socket was given everything; `None` while something waits for it.
    pub(crate) fn given(&self) -> Option<FeedPosition> {
        // Under the board's lock nothing comes into the queue.
        let board = self.hub.board();
        if self.queue.is_empty() { board.given(self.id) } else { None }
    }

    /// The next rows of these scopes from the table.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn read(
        &self,
        scopes: &[Scope],
        after: FeedPosition,
        limit: i64,
    ) -> Result<FeedRead, QueryError> {
        self.hub.0.read.feed().page(scopes, after, limit).await
    }

    /// Whether the contact is in a group.
    pub(crate) fn is_in_group(&self, group: GroupId) -> bool {
        self.hub.board().is_in_group(self.id, group)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.board().leave(self.id);
    }
}
