//! The highest position that this process knows of, as a value to wait on.

use events::Position;
use tokio::sync::watch;

/// Monotonic: the position only grows.
#[derive(Debug)]
pub(crate) struct KnownHead(watch::Sender<Position>);

impl KnownHead {
    /// Starts at a position.
    pub(crate) fn at(position: Position) -> Self {
        Self(watch::Sender::new(position))
    }

    /// Raises the known head and wakes the waiters; a lower position changes nothing.
    pub(crate) fn advance(&self, position: Position) {
        self.0.send_if_modified(|known| {
            let grew = position > *known;
            if grew {
                *known = position;
            }
            grew
        });
    }

    /// A receiver that is notified when the head grows.
    pub(crate) fn watch(&self) -> watch::Receiver<Position> {
        self.0.subscribe()
    }
}
