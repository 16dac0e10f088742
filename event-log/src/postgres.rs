//! The log in Postgres, schema `log`.
//!
//! Positions are dense and in commit order, because moving the head and inserting the events is one statement that
//! passes only if the head is still where the decisions were made (see [`statements`]). A sequence would hand numbers
//! out in another order than transactions commit, and readers would skip events for ever.

mod appender;
mod batch;
mod idempotent_schema;
mod migrations;
mod statements;
mod tail;

pub use idempotent_schema::apply as apply_idempotent_schema;
pub use migrations::apply as apply_migrations;

use crate::{Append, AppendError, Appended, Cause, RawEvent, ReadError, Receipt, head::KnownHead};
use appender::{Appender, News, Request};
use events::{CommandId, Position, Revision, StreamName};
use sqlx::PgPool;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tail::Tail;
use tokio::sync::{Notify, Semaphore, mpsc, oneshot, watch};

/// How the adapter behaves; the defaults suit a server.
#[derive(Clone, Debug)]
pub struct PostgresSettings {
    /// How long a subscription waits before it looks by itself. 100 ms.
    pub poll: Duration,
    /// The most appends that may wait; more are refused as overload. 8,192.
    pub queued_appends: usize,
    /// The most payload that may wait, in KiB. 64 MiB.
    pub queued_kib: u32,
    /// How long a batch is tried again while Postgres is away or its answer is lost. 3 s.
    pub give_up_after: Duration,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(100),
            queued_appends: 8_192,
            queued_kib: 64 << 10,
            give_up_after: Duration::from_secs(3),
        }
    }
}

/// A log in Postgres. Clones are one log: one queue, and one task that empties it over a connection of its own.
/// The task ends when the last clone is gone, or after [`crate::Log::close`].
#[derive(Clone, Debug)]
pub struct PostgresLog {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pool: PgPool,
    settings: PostgresSettings,
    head: Arc<KnownHead>,
    tail: Arc<Tail>,
    queue: mpsc::Sender<Request>,
    budget: Arc<Semaphore>,
    stop: Arc<Notify>,
    finished: watch::Receiver<()>,
}

impl PostgresLog {
    /// Brings the schema `log` up to date. Safe to run from several processes at once.
    ///
    /// # Errors
    /// Postgres is not available, or a migration was changed after it had been applied.
    pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
        migrations::run(pool).await
    }

    /// Opens a migrated log: reads go through the pool, appends over one connection beside it.
    ///
    /// # Errors
    /// Postgres is not available, or there is no log.
    pub async fn open(pool: PgPool, settings: PostgresSettings) -> Result<Self, ReadError> {
        let head = Arc::new(KnownHead::at(statements::head(&pool).await?));
        let (queue, requests) = mpsc::channel(settings.queued_appends.max(1));
        let (alive, finished) = watch::channel(());
        let stop = Arc::new(Notify::new());
        let options = (*pool.connect_options()).clone();
        let tail = Arc::<Tail>::default();
        let news = News { head: head.clone(), tail: tail.clone() };
        let appender = Appender::new(requests, stop.clone(), news, options, settings.give_up_after);
        tokio::spawn(async move {
            appender.run().await;
            drop(alive);
        });
        let budget = Arc::new(Semaphore::new(settings.queued_kib as usize));
        Ok(Self { shared: Arc::new(Shared { pool, settings, head, tail, queue, budget, stop, finished }) })
    }

    pub(crate) async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let kib =
            u32::try_from(append.size() / 1024 + 1).unwrap_or(u32::MAX).min(self.shared.settings.queued_kib);
        let room =
            self.shared.budget.clone().try_acquire_many_owned(kib).map_err(|_| AppendError::Overloaded)?;
        let (reply, answer) = oneshot::channel();
        self.shared.queue.try_send(Request::new(append, reply, room)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => AppendError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => AppendError::Unavailable(Cause::new("the log is closed")),
        })?;
        // The task answers every request that it takes, unless its runtime is shut down under it.
        answer.await.unwrap_or_else(|_| Err(AppendError::Unknown(Cause::new("the log was torn down"))))
    }

    pub(crate) async fn read_stream(
        &self,
        stream: &StreamName,
        from: Revision,
        limit: usize,
    ) -> Result<Vec<RawEvent>, ReadError> {
        statements::read_stream(&self.shared.pool, stream, from, limit).await
    }

    pub(crate) async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RawEvent>, ReadError> {
        let events = statements::read_all(&self.shared.pool, after, limit).await?;
        refuse_hole(after, &events)?;
        Ok(events)
    }

    pub(crate) async fn read_at(&self, positions: &BTreeSet<Position>) -> Result<Vec<RawEvent>, ReadError> {
        statements::read_at(&self.shared.pool, positions).await
    }

    /// Events behind a position, if this process appended all of them a moment ago.
    pub(crate) fn tail(&self, after: Position, limit: usize) -> Option<Vec<RawEvent>> {
        self.shared.tail.after(after, limit)
    }

    pub(crate) async fn head(&self) -> Result<Position, ReadError> {
        statements::head(&self.shared.pool).await
    }

    pub(crate) async fn receipt(&self, command: CommandId) -> Result<Option<Receipt>, ReadError> {
        statements::receipt(&self.shared.pool, command).await
    }

    pub(crate) fn known_head(&self) -> &KnownHead {
        &self.shared.head
    }

    pub(crate) async fn close(&self) {
        self.shared.stop.notify_one();
        // The sender is dropped with the task: the error is the news.
        let _ = self.shared.finished.clone().changed().await;
    }

    pub(crate) fn poll_interval(&self) -> Duration {
        self.shared.settings.poll
    }
}

/// Positions are dense: a missing one was lost, or written by somebody else's hand. To read on would hide it.
fn refuse_hole(after: Position, events: &[RawEvent]) -> Result<(), ReadError> {
    let mut previous = after;
    for event in events {
        if event.position != previous + 1 {
            tracing::error!(after = previous, found = event.position, "the log has a hole");
            return Err(ReadError::Gap { after: previous, found: event.position });
        }
        previous = event.position;
    }
    Ok(())
}
