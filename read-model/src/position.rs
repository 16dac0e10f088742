//! How far the read model has come, and waiting for it: read-your-writes.

use crate::{QueryError, ReadModel, Result};
use events::Position;
use protocol::notice::ReadModelAdvanced;
use std::{sync::atomic::Ordering, time::Duration};
use tokio::time::{Instant, timeout_at};

/// How often the database is asked while nobody tells us of progress.
const POLL: Duration = Duration::from_millis(25);

impl ReadModel {
    /// The position of the last event that the rows show, as the database says. It can be lower than before: a crash of
    /// Postgres takes the newest rows, which the projection then brings again.
    pub async fn position(&self) -> Result<Position> {
        let known = self.known();
        let position: i64 =
            sqlx::query_scalar("SELECT position FROM checkpoint").fetch_one(&self.pool).await?;
        let position = position.cast_unsigned();
        if position < known {
            self.expect(known); // what is gone will come once more
            self.known.send_replace(position);
        } else {
            self.advance(position);
        }
        Ok(position)
    }

    /// Makes sure that what is not found does not exist.
    ///
    /// # Errors
    /// [`QueryError::Rebuilding`] until a rebuild has come to where the read model stood before, or the projection to
    /// where the log stood when this process began, or what a crash took is there again; or the database failed.
    pub async fn ensure_complete(&self) -> Result<()> {
        if self.finished {
            return Ok(());
        }
        let wanted = self.known().max(self.floor.load(Ordering::Relaxed));
        let whole: bool =
            sqlx::query_scalar("SELECT c.position >= greatest(r.until, $1) FROM checkpoint c, ops.rebuild r")
                .bind(wanted.cast_signed())
                .fetch_one(&self.pool)
                .await?;
        if whole { Ok(()) } else { Err(QueryError::Rebuilding) }
    }

    /// The log holds events up to here: until rows show them, what is not found may yet exist.
    pub fn expect(&self, head: Position) {
        self.floor.fetch_max(head, Ordering::Relaxed);
    }

    /// The projection says, here or over the bus, how far it has come.
    pub fn projected(&self, projected: ReadModelAdvanced) {
        // First of all: whoever waits for the position must not be answered by rights from before it.
        if projected.rights {
            self.rights_changed();
        }
        self.advance(projected.position);
    }

    /// Rows up to here are committed.
    pub fn advance(&self, position: Position) {
        self.known.send_if_modified(|known| {
            let newer = position > *known;
            *known = position.max(*known);
            newer
        });
    }

    /// The read model was dropped and starts over: what was seen before is not there any more.
    pub fn restart(&self) {
        self.known.send_replace(0);
        self.rights_changed();
    }

    /// The highest position that this process knows to be committed.
    pub fn known(&self) -> Position {
        *self.known.borrow()
    }

    /// Waits until the rows show `position`; false when `patience` is over first.
    pub async fn caught_up(&self, position: Position, patience: Duration) -> Result<bool> {
        let deadline = Instant::now() + patience;
        let mut known = self.known.subscribe();
        loop {
            if *known.borrow_and_update() >= position {
                return Ok(true);
            }
            let pause = deadline.min(Instant::now() + POLL);
            // Progress is announced; asking the database is for announcements that got lost.
            if timeout_at(pause, known.changed()).await.is_err()
                && self.position().await? < position
                && pause == deadline
            {
                return Ok(false);
            }
        }
    }
}
