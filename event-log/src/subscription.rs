//! Following the log: first what is there, then what comes.

use crate::{Log, RawEvent, ReadError};
use events::Position;
use tokio::sync::watch;

/// A catch-up subscription: everything behind a position, in order, each event once.
#[derive(Debug)]
pub struct Subscription {
    log: Log,
    position: Position,
    head: watch::Receiver<Position>,
    /// It is time to look although nobody told of anything new.
    due: bool,
}

impl Subscription {
    pub(crate) fn new(log: Log, after: Position) -> Self {
        let head = log.watch_head();
        Self { log, position: after, head, due: true }
    }

    /// The next events, one at least and `max` at most (a `max` of 0 counts as 1); waits until there are some.
    ///
    /// Cancel-safe: nothing is skipped if the future is dropped. After an error the next call tries the same place.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn next_batch(&mut self, max: usize) -> Result<Vec<RawEvent>, ReadError> {
        loop {
            // Marked as seen before reading: what comes while we read wakes us afterwards, and a head that was
            // announced but is not there does not make us spin.
            let head = *self.head.borrow_and_update();
            if head > self.position || self.due {
                let batch = self.log.read_behind(self.position, max.max(1)).await?;
                self.due = false;
                if let Some(last) = batch.last() {
                    self.position = last.position;
                    return Ok(batch);
                }
            }
            tokio::select! {
                // It ends only with the log, a clone of which is ours.
                _ = self.head.changed() => {}
                () = tokio::time::sleep(self.log.poll_interval()) => self.due = true,
            }
        }
    }

    /// Where it stands: the position of the last event handed out.
    pub fn position(&self) -> Position {
        self.position
    }
}
