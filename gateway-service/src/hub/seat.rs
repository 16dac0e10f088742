//! A socket's end of the hub.

use crate::hub::{
    Hub,
    channel::SocketId,
    place::{Cursors, Delivery, Ear, Place},
};
use events::GroupId;
use protocol::notice::{FeedRow, Scope};
use read_model::QueryError;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
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

    /// Listens to more scopes. Answers the sequence number of each behind which nothing will be missed.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn listen(&self, ears: &[(Scope, Ear)]) -> Result<Cursors, QueryError> {
        let known: Vec<Option<i64>> = {
            let mut board = self.hub.board();
            ears.iter().map(|(scope, ear)| board.listen(self.id, *scope, *ear)).collect()
        };
        let new = ears.iter().zip(&known).filter(|(_, last)| last.is_none()).map(|((scope, _), _)| *scope);
        let heads = self.hub.settle(&new.collect::<Vec<Scope>>()).await?;
        let cursor = |((scope, ear), last): (&(Scope, Ear), &Option<i64>)| {
            let at = last.or_else(|| heads.get(&scope.uuid()).copied()).unwrap_or(0);
            (*scope, (*ear, at))
        };
        Ok(ears.iter().zip(&known).map(cursor).collect())
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

    /// The next rows of a scope from the table.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn read(
        &self,
        scope: Scope,
        after: i64,
        limit: i64,
    ) -> Result<Vec<FeedRow>, QueryError> {
        self.hub.read(scope, after, limit).await
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
