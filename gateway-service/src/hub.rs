//! Follows the feed for all sockets of this process, and hands out its rows in the order of the log: one hub a process.
//!
//! The bus carries rows as they are committed, each time with the position before and after. What continues where the
//! hub stands is handed out at once; where something is missing, the feed's table is read. So whoever was given a row
//! was given everything before it, in whatever scope. A socket whose queue is full is not waited for: it goes on by
//! itself from where it stands, see [`Place`].

mod board;
mod channel;
mod elsewhere;
mod follow;
mod place;
mod row;
mod seat;

pub(crate) use channel::SocketId;
pub(crate) use place::{Delivery, Ear, Place, Typing};
pub(crate) use row::Row;
pub(crate) use seat::Seat;

use board::Board;
use events::TeamId;
use protocol::FeedPosition;
use read_model::{QueryError, ReadModel};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::Notify;

/// See the file's head. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

struct Inner {
    board: Mutex<Board>,
    read: ReadModel,
    /// Told when the board wants the table to be read.
    wanted: Notify,
    next: AtomicU64,
}

impl Hub {
    /// A hub over the feed's table. It follows nothing until [`Self::follow`] runs.
    pub(crate) fn new(read: ReadModel) -> Self {
        let inner = Inner { board: Mutex::default(), read, wanted: Notify::new(), next: AtomicU64::new(1) };
        Self(Arc::new(inner))
    }

    /// A seat for a new socket. It hears nothing until [`Seat::go_live`].
    pub(crate) fn enter(&self) -> Seat {
        Seat::new(self.clone(), self.0.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Somebody types.
    pub(crate) fn typing(&self, typing: Typing) {
        self.board().typing(typing.team, &Arc::new(typing));
    }

    /// Whether anybody here listens to a team.
    pub(crate) fn has_team(&self, team: TeamId) -> bool {
        self.board().scope(team.0).is_some()
    }

    /// Up to where rows have been handed out; at first that is where the read model stands.
    async fn settled(&self) -> Result<FeedPosition, QueryError> {
        if let Some(at) = self.board().at() {
            return Ok(at);
        }
        let position = self.0.read.position().await?;
        let at = self.board().settle(position);
        self.0.wanted.notify_one();
        Ok(at)
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        // The board's methods do not panic half way; a poisoned lock would stop every socket for nothing.
        self.0.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
