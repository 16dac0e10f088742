//! The port: one log, whichever adapter is behind it.

use crate::{
    Append, AppendError, Appended, EventStoreDbLog, MemoryLog, PostgresLog, RawEvent, ReadError, Receipt,
    Subscription, append::MAX_APPEND_BYTES,
};
use events::{CommandId, Position, Revision, StreamName};
use std::collections::BTreeSet;
use tokio::sync::watch;

/// An event log. Cheap to clone: clones are one log.
#[derive(Clone, Debug)]
pub enum Log {
    /// In this process, gone with it. For tests and trials.
    Memory(MemoryLog),
    /// In Postgres, schema `log`.
    Postgres(PostgresLog),
    /// In EventStoreDB or KurrentDB.
    EventStoreDb(EventStoreDbLog),
}

/// What an adapter promises beyond the port, so that tests and measurements can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Positions are 1, 2, 3 … without holes.
    pub dense_positions: bool,
    /// A command's receipt is stored in one transaction with its events.
    pub same_transaction_receipts: bool,
    /// The most bytes of one append; [`MAX_APPEND_BYTES`] or less.
    pub largest_append: usize,
}

impl Log {
    /// Stores events: all of them, once, durably, before it answers.
    ///
    /// Dropping the future leaves the outcome open, as [`AppendError::Unknown`] does.
    ///
    /// # Errors
    /// Nothing was written, except for [`AppendError::Unknown`].
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        match self {
            Self::Memory(log) => log.append(append),
            Self::Postgres(log) => log.append(append).await,
            Self::EventStoreDb(log) => log.append(append).await,
        }
    }

    /// Events of one stream from a revision on, in order, `limit` at most; none if there is no such stream.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn read_stream(
        &self,
        stream: &StreamName,
        from: Revision,
        limit: usize,
    ) -> Result<Vec<RawEvent>, ReadError> {
        match self {
            Self::Memory(log) => Ok(log.read_stream(stream, from, limit)),
            Self::Postgres(log) => log.read_stream(stream, from, limit).await,
            Self::EventStoreDb(log) => log.read_stream(stream, from, limit).await,
        }
    }

    /// Events of all streams behind a position, in order, `limit` at most. Position 0 is before everything.
    ///
    /// # Errors
    /// The log cannot be read, or a dense log has a hole.
    pub async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RawEvent>, ReadError> {
        match self {
            Self::Memory(log) => Ok(log.read_all(after, limit)),
            Self::Postgres(log) => log.read_all(after, limit).await,
            Self::EventStoreDb(log) => log.read_all(after, limit).await,
        }
    }

    /// The events at positions that this log has handed out, in their order, each once; where there is none, none.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn read_at(&self, positions: &[Position]) -> Result<Vec<RawEvent>, ReadError> {
        let positions: BTreeSet<Position> = positions.iter().copied().collect();
        match self {
            Self::Memory(log) => Ok(log.read_at(&positions)),
            Self::Postgres(log) => log.read_at(&positions).await,
            Self::EventStoreDb(log) => log.read_at(&positions).await,
        }
    }

    /// As [`Log::read_all`], for those who follow closely: what this process appended a moment ago need not be read back.
    pub(crate) async fn read_behind(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RawEvent>, ReadError> {
        if let Self::Postgres(log) = self
            && let Some(events) = log.tail(after, limit)
        {
            return Ok(events);
        }
        self.read_all(after, limit).await
    }

    /// The position of the last event, 0 if there is none.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn head(&self) -> Result<Position, ReadError> {
        match self {
            Self::Memory(log) => Ok(log.head()),
            Self::Postgres(log) => log.head().await,
            Self::EventStoreDb(log) => log.head().await,
        }
    }

    /// What a command led to, if it is known.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn receipt(&self, command: CommandId) -> Result<Option<Receipt>, ReadError> {
        match self {
            Self::Memory(log) => Ok(log.receipt(command)),
            Self::Postgres(log) => log.receipt(command).await,
            Self::EventStoreDb(log) => log.receipt(command).await,
        }
    }

    /// Everything behind a position, in order, each event once, without end.
    pub fn subscribe(&self, after: Position) -> Subscription {
        Subscription::new(self.clone(), after)
    }

    /// Another process told of a new head: who waits for it looks at once.
    pub fn wake(&self, head: Position) {
        match self {
            Self::Memory(log) => log.known_head().advance(head),
            Self::Postgres(log) => log.known_head().advance(head),
            Self::EventStoreDb(log) => log.known_head().advance(head),
        }
    }

    /// The highest position this process knows of, from its own appends and from [`Log::wake`].
    pub fn watch_head(&self) -> watch::Receiver<Position> {
        match self {
            Self::Memory(log) => log.known_head().watch(),
            Self::Postgres(log) => log.known_head().watch(),
            Self::EventStoreDb(log) => log.known_head().watch(),
        }
    }

    /// What the adapter promises beyond the port.
    pub fn capabilities(&self) -> Capabilities {
        match self {
            Self::Memory(_) | Self::Postgres(_) => Capabilities {
                dense_positions: true,
                same_transaction_receipts: true,
                largest_append: MAX_APPEND_BYTES,
            },
            Self::EventStoreDb(_) => EventStoreDbLog::capabilities(),
        }
    }

    /// Finishes the appends in flight, then refuses new ones; reading goes on.
    pub async fn close(&self) {
        match self {
            Self::Memory(log) => log.close(),
            Self::Postgres(log) => log.close().await,
            Self::EventStoreDb(log) => log.close().await,
        }
    }

    /// How long a subscription waits before it looks by itself.
    pub(crate) fn poll_interval(&self) -> std::time::Duration {
        match self {
            Self::Memory(log) => log.poll_interval(),
            Self::Postgres(log) => log.poll_interval(),
            Self::EventStoreDb(log) => log.poll_interval(),
        }
    }
}
