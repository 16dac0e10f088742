//! The port: one log with any of the adapters.

use crate::{
    Append, AppendError, Appended, Capabilities, EventStoreDbLog, MemoryLog, PostgresLog, RawEvent,
    ReadError, Receipt, append::MAX_APPEND_BYTES,
};
use events::{CommandId, Position, Revision, StreamName};
use std::collections::BTreeSet;
use tokio::sync::watch;

/// An event log. Cheap to clone; all clones share one log.
#[derive(Clone, Debug)]
pub enum Log {
    /// In memory, lost with the process. For tests and trials.
    Memory(MemoryLog),
    /// In Postgres, schema `log`.
    Postgres(PostgresLog),
    /// In EventStoreDB or KurrentDB.
    EventStoreDb(EventStoreDbLog),
}

impl Log {
    /// Stores all events or none, once, durably before it returns.
    ///
    /// Dropping the future leaves the outcome unknown, like [`AppendError::Unknown`].
    ///
    /// # Errors
    /// Nothing was written, except with [`AppendError::Unknown`]: repeat the append with the same ids to learn its
    /// outcome.
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        match self {
            Self::Memory(log) => log.append(append),
            Self::Postgres(log) => log.append(append).await,
            Self::EventStoreDb(log) => log.append(append).await,
        }
    }

    /// Reads up to `limit` events of one stream in order, from revision `from` on; empty if there is no such stream.
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

    /// Reads up to `limit` events of all streams in order, after position `after`; 0 is before the first event.
    ///
    /// # Errors
    /// The log cannot be read, or a log with dense positions has a gap.
    pub async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RawEvent>, ReadError> {
        match self {
            Self::Memory(log) => Ok(log.read_all(after, limit)),
            Self::Postgres(log) => log.read_all(after, limit).await,
            Self::EventStoreDb(log) => log.read_all(after, limit).await,
        }
    }

    /// Reads the events at the given positions in log order, each once; positions without an event are skipped.
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

    /// Like [`Log::read_all`], for subscriptions near the head: recent appends of this process come from memory.
    pub(crate) async fn read_recent(
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

    /// Position of the last event, 0 if the log is empty.
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

    /// Receipt of a command, if the command has been carried out.
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

    /// Announces a new head that another process reported, so that waiting subscriptions read at once.
    pub fn wake(&self, head: Position) {
        match self {
            Self::Memory(log) => log.known_head().advance(head),
            Self::Postgres(log) => log.known_head().advance(head),
            Self::EventStoreDb(log) => log.known_head().advance(head),
        }
    }

    /// Watches the highest position that this process knows of, from its own appends and from [`Log::wake`].
    pub fn watch_head(&self) -> watch::Receiver<Position> {
        match self {
            Self::Memory(log) => log.known_head().watch(),
            Self::Postgres(log) => log.known_head().watch(),
            Self::EventStoreDb(log) => log.known_head().watch(),
        }
    }

    /// Properties of the adapter.
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

    /// Finishes the appends in flight and refuses new ones; reading still works.
    pub async fn close(&self) {
        match self {
            Self::Memory(log) => log.close(),
            Self::Postgres(log) => log.close().await,
            Self::EventStoreDb(log) => log.close().await,
        }
    }

    /// Interval at which a waiting subscription polls.
    pub(crate) fn poll_interval(&self) -> std::time::Duration {
        match self {
            Self::Memory(log) => log.poll_interval(),
            Self::Postgres(log) => log.poll_interval(),
            Self::EventStoreDb(log) => log.poll_interval(),
        }
    }
}
