//! The hub's task: follows the bus, fills gaps from the table, and compares the checkpoint periodically.

use crate::{hub::shared::Hub, meters};
use bus::{Delivery, Message, Subscription};
use futures::{StreamExt, stream::FuturesUnordered};
use protocol::notice::CommittedBatch;
use read_model::feed::FeedRead;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// Interval at which the read model's checkpoint is compared with the delivered position: the safety net.
const CHECK: Duration = Duration::from_secs(1);

/// Interval at which changed unread counters of other teams are counted.
const COUNT: Duration = Duration::from_secs(2);

/// Rows read from the table at once.
const PAGE: i64 = 512;

/// The bus ended before the process did.
#[derive(Debug, thiserror::Error)]
#[error("the bus is closed")]
pub(crate) struct BusClosed;

impl Hub {
    /// Follows the feed until the stop.
    ///
    /// # Errors
    /// The bus was closed before the stop.
    pub(crate) async fn follow(
        self,
        mut feed: Subscription,
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
                delivery = feed.next() => match delivery {
                    Some(Delivery::Message(message)) => self.receive(&message),
                    Some(Delivery::Missed(_)) => work.push(self.job(Job::Check { at_once: true })),
                    None => return Err(BusClosed),
                },
                () = self.wanted() => {}
                _ = checks.tick() => work.push(self.job(Job::Check { at_once: false })),
                _ = counts.tick() => {
                    // One count at a time: a slow database is not asked again before it has answered.
                    if let Ok(turn) = Arc::clone(&counting).try_acquire_owned() {
                        work.push(self.job(Job::Count(turn)));
                    }
                }
                Some(()) = work.next(), if !work.is_empty() => {}
            }
            if self.fanout().take_wanted() {
                work.push(self.job(Job::Fill));
            }
        }
    }

    /// Accepts a committed batch from the bus.
    fn receive(&self, message: &Message) {
        match serde_json::from_slice::<CommittedBatch>(&message.payload) {
            Ok(committed) => self.fanout().accept(committed),
            // The table has the rows: the next look at the checkpoint finds the gap.
            Err(error) => tracing::warn!(%error, "invalid feed batch on the bus"),
        }
    }

    async fn job(&self, job: Job) {
        match job {
            Job::Check { at_once } => self.check(at_once).await,
            Job::Fill => self.fill().await,
            Job::Count(turn) => {
                self.count_other_teams().await;
                drop(turn);
            }
        }
    }

    async fn check(&self, at_once: bool) {
        let looked = match self.settled().await {
            Ok(_) => self.read().position().await,
            Err(error) => Err(error),
        };
        match looked {
            Ok(position) => {
                self.fanout().note_head(position, at_once);
                self.wake();
            }
            Err(error) => tracing::warn!(%error, "reading the checkpoint failed"),
        }
    }

    async fn fill(&self) {
        meters::gap();
        loop {
            let Some((scopes, after)) = self.fanout().begin_read() else { return };
            match self.read().feed().page(&scopes, after, PAGE).await {
                Ok(FeedRead::Page(page)) => {
                    let is_last = page.is_last;
                    let mut fanout = self.fanout();
                    fanout.accept_read(page, &scopes);
                    if is_last && fanout.filled() {
                        return;
                    }
                }
                Ok(FeedRead::Forgotten { head }) => {
                    tracing::error!(%after, head, "undelivered feed rows were pruned");
                    self.fanout().skip(head);
                }
                Err(error) => {
                    tracing::warn!(%error, "reading the feed failed");
                    self.fanout().fill_failed();
                    return;
                }
            }
        }
    }
}

enum Job {
    Check {
        at_once: bool,
    },
    Fill,
    /// Count the unread messages of other teams; one at a time.
    Count(OwnedSemaphorePermit),
}
