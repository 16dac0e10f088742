//! The log in Postgres, schema `log`.
//!
//! Positions are dense and in commit order, because one statement moves the head and inserts the events, and it only
//! succeeds if the head is still where the decisions were made (see [`statements`]). A sequence would hand out numbers
//! in another order than transactions commit, and readers would skip events for ever.

mod appender;
mod batch;
mod idempotent_schema;
mod migrations;
mod recent;
mod statements;

pub use idempotent_schema::apply as apply_idempotent_schema;
pub use migrations::apply as apply_migrations;

use crate::{Append, AppendError, Appended, Cause, RawEvent, ReadError, Receipt, head::KnownHead};
use appender::{Appender, Observers, Request};
use events::{CommandId, Position, Revision, StreamName};
use recent::RecentEvents;
use sqlx::PgPool;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot, watch};

/// Settings of the adapter; the defaults suit a server.
#[derive(Clone, Debug)]
pub struct PostgresSettings {
    /// Interval at which a waiting subscription polls. Default 100 ms.
    pub poll: Duration,
    /// Maximum number of queued appends; more are refused as overload. Default 8,192.
    pub queued_appends: usize,
    /// Maximum queued payload in KiB. Default 64 MiB.
    pub queued_kib: u32,
    /// How long a batch is retried while Postgres is away or its answer is lost. Default 3 s.
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

/// A log in Postgres. Clones share one queue and the one task that empties it over a connection of its own. The task
/// ends when the last clone is dropped, or after [`crate::Log::close`].
#[derive(Clone, Debug)]
pub struct PostgresLog {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pool: PgPool,
    settings: PostgresSettings,
    head: Arc<KnownHead>,
    tail: Arc<RecentEvents>,
    queue: mpsc::Sender<Request>,
    budget: Arc<Semaphore>,
    stop: Arc<Notify>,
    finished: watch::Receiver<()>,
}

impl PostgresLog {
    /// Brings the schema `log` up to date. Safe to run from several processes at once.
    ///
    /// # Errors
    /// Postgres is not available, or a released migration was changed after it was applied.
    pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
        migrations::run(pool).await
    }

    /// Opens a migrated log. Reads use the pool; appends use one connection of their own.
    ///
    /// # Errors
    /// Postgres is not available, or the database has no log.
    #[expect(clippy::disallowed_methods, reason = "the log is below platform; the task ends with the log")]
    pub async fn open(pool: PgPool, settings: PostgresSettings) -> Result<Self, ReadError> {
        let head = Arc::new(KnownHead::at(statements::head(&pool).await?));
        let (queue, requests) = mpsc::channel(settings.queued_appends.max(1));
        let (alive, finished) = watch::channel(());
        let stop = Arc::new(Notify::new());
        let options = (*pool.connect_options()).clone();
        let tail = Arc::<RecentEvents>::default();
        let observers = Observers { head: head.clone(), tail: tail.clone() };
        let appender = Appender::new(requests, stop.clone(), observers, options, settings.give_up_after);
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
        // The task answers every request that it takes, unless its runtime shuts down.
        answer.await.unwrap_or_else(|_| {
            Err(AppendError::Unknown(Cause::new("the log's task ended without an answer")))
        })
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
        refuse_gap(after, &events)?;
        Ok(events)
    }

    pub(crate) async fn read_at(&self, positions: &BTreeSet<Position>) -> Result<Vec<RawEvent>, ReadError> {
        statements::read_at(&self.shared.pool, positions).await
    }

    /// Events after a position, if this process appended all of them recently.
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
        // The task drops the sender when it ends: the error is the signal.
        let _ = self.shared.finished.clone().changed().await;
    }

    pub(crate) fn poll_interval(&self) -> Duration {
        self.shared.settings.poll
    }
}

/// Positions are dense: a missing one was lost or removed by hand. Reading on would hide that.
fn refuse_gap(after: Position, events: &[RawEvent]) -> Result<(), ReadError> {
    let mut previous = after;
    for event in events {
        if event.position != previous + 1 {
            tracing::error!(after = previous, found = event.position, "the log has a gap");
            return Err(ReadError::Gap { after: previous, found: event.position });
        }
        previous = event.position;
    }
    Ok(())
}
