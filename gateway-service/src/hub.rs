//! Follows the feeds of all scopes that have sockets here, and hands out their rows: one hub a process.
//!
//! The bus carries rows as they are committed. A row that continues its scope's sequence is handed out at once; where
//! one is missing, the feed's table is read. A socket whose queue is full is not waited for: it goes on by itself from
//! where it stands, see [`Place`].

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
use protocol::notice::{FeedRow, Scope};
use read_model::{QueryError, ReadModel};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Notify;
use uuid::Uuid;

/// See the file's head. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

struct Inner {
    board: Mutex<Board>,
    read: ReadModel,
    /// Told when the board wants scopes to be read.
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

    /// The rows of a scope behind a sequence number, from the table.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn read(
        &self,
        scope: Scope,
        after: i64,
        limit: i64,
    ) -> Result<Vec<FeedRow>, QueryError> {
        self.0.read.feed(scope, after, limit).await
    }

    /// Where scopes stand that nobody here followed so far.
    async fn settle(&self, scopes: &[Scope]) -> Result<HashMap<Uuid, i64>, QueryError> {
        if scopes.is_empty() {
            return Ok(HashMap::new());
        }
        let heads = self.0.read.feed_heads(scopes).await?;
        let mut board = self.board();
        for scope in scopes {
            board.settle(*scope, heads.get(&scope.uuid()).copied().unwrap_or(0));
        }
        drop(board);
        self.0.wanted.notify_one();
        Ok(heads)
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        // The board's methods do not panic half way; a poisoned lock would stop every socket for nothing.
        self.0.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
