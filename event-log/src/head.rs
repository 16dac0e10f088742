//! The highest position this process knows of, for all who wait for more.

use events::Position;
use tokio::sync::watch;

/// Only ever grows.
#[derive(Debug)]
pub(crate) struct KnownHead(watch::Sender<Position>);

impl KnownHead {
    /// Starts from a position.
    pub(crate) fn at(position: Position) -> Self {
        Self(watch::Sender::new(position))
    }

    /// Wakes those who wait, if it is news.
    pub(crate) fn advance(&self, position: Position) {
        self.0.send_if_modified(|known| {
            let news = position > *known;
            if news {
                *known = position;
            }
            news
        });
    }

    /// To wait on.
    pub(crate) fn watch(&self) -> watch::Receiver<Position> {
        self.0.subscribe()
    }
}
