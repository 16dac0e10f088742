//! The hub's task: hears the bus, reads the table where the bus left a gap, and looks at the heads now and then.

use crate::{hub::Hub, meters};
use futures::{StreamExt, stream::FuturesUnordered};
use platform::bus::{Delivery, Message, Subscription};
use protocol::notice::{FeedRow, Scope};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often the heads in the table are compared with what has come: the net under everything else.
const CHECK: Duration = Duration::from_secs(1);

/// How often unread counters elsewhere are counted anew, if they have moved.
const COUNT: Duration = Duration::from_secs(2);

/// Rows read from the table at once.
const PAGE: i64 = 256;

/// The bus ended before the process does.
#[derive(Debug, thiserror::Error)]
#[error("the bus is closed")]
pub(crate) struct BusClosed;

impl Hub {
    /// Follows the feeds until the stop.
    ///
    /// # Errors
    /// The bus was closed before the stop.
    pub(crate) async fn follow(
        self,
        mut feeds: Subscription,
        stop: CancellationToken,
    ) -> Result<(), BusClosed> {
        let mut work = FuturesUnordered::new();
        let mut checks = interval(CHECK);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut counts = interval(COUNT);
        counts.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let counting = Arc::new(Semaphore::new(1));
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                heard = feeds.next() => match heard {
                    Some(Delivery::Message(message)) => self.hear(&message),
                    Some(Delivery::Missed(_)) => work.push(self.job(Job::Check { at_once: true })),
                    None => return Err(BusClosed),
                },
                () = self.0.wanted.notified() => {}
                _ = checks.tick() => work.push(self.job(Job::Check { at_once: false })),
                _ = counts.tick() => {
                    // One count at a time: a slow database is not asked more often than it answers.
                    if let Ok(turn) = Arc::clone(&counting).try_acquire_owned() {
                        work.push(self.job(Job::Count(turn)));
                    }
                }
                Some(()) = work.next(), if !work.is_empty() => {}
            }
            for scope in self.board().take_wanted() {
                work.push(self.job(Job::Fill(scope)));
            }
        }
    }

    /// Rows as the projection published them: one, or those of a batch in their order.
    fn hear(&self, message: &Message) {
        let uuid = message.subject.rsplit('.').next().and_then(|uuid| Uuid::parse_str(uuid).ok());
        // Most scopes have no socket here: their rows are not even parsed.
        let Some(scope) = uuid.and_then(|uuid| self.board().scope(uuid)) else { return };
        match parse(&message.payload) {
            Ok(rows) => {
                let mut board = self.board();
                rows.into_iter().for_each(|row| board.accept(row));
            }
            // The table has them in any case: the next look at the heads finds out.
            Err(error) => tracing::warn!(%scope, %error, "rows on the bus cannot be read"),
        }
    }

    async fn job(&self, job: Job) {
        match job {
            Job::Check { at_once } => self.check(at_once).await,
            Job::Fill(scope) => self.fill(scope).await,
            Job::Count(turn) => {
                self.count_elsewhere().await;
                drop(turn);
            }
        }
    }

    async fn check(&self, at_once: bool) {
        let scopes = self.board().scopes();
        if scopes.is_empty() {
            return;
        }
        match self.0.read.feed_heads(&scopes).await {
            Ok(heads) => {
                self.board().note_heads(&heads, at_once);
                self.0.wanted.notify_one();
            }
            Err(error) => tracing::warn!(%error, "the heads of the feeds cannot be read"),
        }
    }

    async fn fill(&self, scope: Scope) {
        meters::gap();
        loop {
            let Some(after) = self.board().read_from(scope) else { return };
            let rows = match self.read(scope, after, PAGE).await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::warn!(%scope, %error, "a feed cannot be read");
                    self.board().fill_failed(scope);
                    return;
                }
            };
            let more = i64::try_from(rows.len()).is_ok_and(|read| read == PAGE);
            let mut board = self.board();
            rows.into_iter().for_each(|row| board.accept_read(row));
            if !more && board.filled(scope) {
                return;
            }
        }
    }
}

enum Job {
    Check {
        at_once: bool,
    },
    Fill(Scope),
    /// Count what is unread elsewhere; one at a time.
    Count(OwnedSemaphorePermit),
}

fn parse(payload: &[u8]) -> serde_json::Result<Vec<FeedRow>> {
    if payload.first() == Some(&b'[') {
        serde_json::from_slice(payload)
    } else {
        serde_json::from_slice(payload).map(|row| vec![row])
    }
}
