//! The position of the read model, and waiting for it: read-your-writes.

use crate::{QueryError, ReadModel, Result};
use events::Position;
use protocol::notice::ReadModelAdvanced;
use std::{sync::atomic::Ordering, time::Duration};
use tokio::time::{Instant, timeout_at};

/// How often the database is polled without announcements of progress.
const POLL: Duration = Duration::from_millis(25);

impl ReadModel {
    /// The position of the last event in the rows, from the database. It can fall: a crash of Postgres may lose the newest
    /// rows, which the projection then writes again.
    pub async fn position(&self) -> Result<Position> {
        let known = self.known();
        let position: i64 =
            sqlx::query_scalar("SELECT position FROM checkpoint").fetch_one(&self.pool).await?;
        let position = position.cast_unsigned();
        if position < known {
            self.expect(known); // the lost rows will be written again
            self.known.send_replace(position);
        } else {
            self.advance(position);
        }
        Ok(position)
    }

    /// Fails unless what is missing really does not exist.
    ///
    /// # Errors
    /// [`QueryError::Rebuilding`] until a rebuild has reached the former position, the projection has reached the head that the
    /// log had when this process started, and rows lost in a crash are back.
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

    /// Sets the position that rows must reach before what is missing counts as not existing.
    pub fn expect(&self, head: Position) {
        self.floor.fetch_max(head, Ordering::Relaxed);
    }

    /// Handles an announcement of the projection's progress.
    pub fn projected(&self, projected: ReadModelAdvanced) {
        // First, since a query that waits for the position must not use older rights.
        if projected.rights {
            self.rights_changed();
        }
        self.advance(projected.position);
    }

    /// Records that rows up to a position are committed.
    pub fn advance(&self, position: Position) {
        self.known.send_if_modified(|known| {
            let newer = position > *known;
            *known = position.max(*known);
            newer
        });
    }

    /// Records that the read model was dropped and is filled from the beginning.
    pub fn restart(&self) {
        self.known.send_replace(0);
        self.rights_changed();
    }

    /// The highest position that this process knows to be committed.
    pub fn known(&self) -> Position {
        *self.known.borrow()
    }

    /// Waits until the rows reach `position`; `false` if `patience` ends first.
    pub async fn caught_up(&self, position: Position, patience: Duration) -> Result<bool> {
        let deadline = Instant::now() + patience;
        let mut known = self.known.subscribe();
        loop {
            if *known.borrow_and_update() >= position {
                return Ok(true);
            }
            let pause = deadline.min(Instant::now() + POLL);
            // Polling makes up for lost announcements.
            if timeout_at(pause, known.changed()).await.is_err()
                && self.position().await? < position
                && pause == deadline
            {
                return Ok(false);
            }
        }
    }
}
