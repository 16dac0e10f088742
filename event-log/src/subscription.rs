//! Catch-up subscriptions: stored events first, then new ones as they are appended.

use crate::{Log, RawEvent, ReadError};
use events::Position;
use tokio::sync::watch;

/// A catch-up subscription: all events after a position, in order, each once.
#[derive(Debug)]
pub struct Subscription {
    log: Log,
    position: Position,
    head: watch::Receiver<Position>,
    /// Set when the next call reads without waiting for an announcement.
    due: bool,
}

impl Log {
    /// Opens a catch-up subscription: all events after a position, in order, each once, without end.
    pub fn subscribe(&self, after: Position) -> Subscription {
        Subscription { log: self.clone(), position: after, head: self.watch_head(), due: true }
    }
}

impl Subscription {
    /// Returns the next events, at least one and at most `max` (0 counts as 1); waits until there are some.
    ///
    /// Cancel-safe: dropping the future skips nothing.
    ///
    /// # Errors
    /// The log cannot be read. The next call retries at the same position.
    pub async fn next_batch(&mut self, max: usize) -> Result<Vec<RawEvent>, ReadError> {
        loop {
            // Marked as seen before reading: a later append wakes the next wait, and an announced head that is not
            // readable yet does not cause a busy loop.
            let head = *self.head.borrow_and_update();
            if head > self.position || self.due {
                let batch = self.log.read_recent(self.position, max.max(1)).await?;
                self.due = false;
                if let Some(last) = batch.last() {
                    self.position = last.position;
                    return Ok(batch);
                }
            }
            tokio::select! {
                // It only ends with the log, and this subscription holds a clone of it.
                _ = self.head.changed() => {}
                () = tokio::time::sleep(self.log.poll_interval()) => self.due = true,
            }
        }
    }

    /// Position of the last event that was returned.
    pub fn position(&self) -> Position {
        self.position
    }
}
