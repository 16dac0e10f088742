//! The hub's shared state: the fan-out under a lock, and the read model that fills its gaps.

use crate::hub::{channel::SocketId, delivery::Typing, fanout::Fanout};
use events::TeamId;
use protocol::FeedPosition;
use read_model::{QueryError, ReadModel};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::Notify;

/// The fan-out state and its read model. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

struct Inner {
    fanout: Mutex<Fanout>,
    read: ReadModel,
    /// Notified when the table may have to be read.
    wanted: Notify,
    next: AtomicU64,
}

impl Hub {
    /// A hub over the feed's table. It follows nothing until [`Self::follow`] runs.
    pub(crate) fn new(read: ReadModel) -> Self {
        let inner = Inner { fanout: Mutex::default(), read, wanted: Notify::new(), next: AtomicU64::new(1) };
        Self(Arc::new(inner))
    }

    /// Delivers a typing notice.
    pub(crate) fn typing(&self, typing: Typing) {
        self.fanout().typing(typing.team, &Arc::new(typing));
    }

    /// Whether a team has subscribers here.
    pub(crate) fn has_team(&self, team: TeamId) -> bool {
        self.fanout().scope(team.0).is_some()
    }

    /// An id for a new socket.
    pub(super) fn next_id(&self) -> SocketId {
        self.0.next.fetch_add(1, Ordering::Relaxed)
    }

    /// The read model, whose feed is the truth.
    pub(super) fn read(&self) -> &ReadModel {
        &self.0.read
    }

    /// Completes when the table may have to be read.
    pub(super) async fn wanted(&self) {
        self.0.wanted.notified().await;
    }

    /// Lets the follower look whether the table must be read.
    pub(super) fn wake(&self) {
        self.0.wanted.notify_one();
    }

    /// The position up to which rows were fanned out; at first the read model's.
    pub(super) async fn settled(&self) -> Result<FeedPosition, QueryError> {
        if let Some(at) = self.fanout().at() {
            return Ok(at);
        }
        let position = self.0.read.position().await?;
        let at = self.fanout().settle(position);
        self.wake();
        Ok(at)
    }

    pub(super) fn fanout(&self) -> MutexGuard<'_, Fanout> {
        // The fan-out's methods do not panic half way; a poisoned lock would stop every socket for nothing.
        self.0.fanout.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
