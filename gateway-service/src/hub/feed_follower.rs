//! The hub's task: hears the bus, reads the table where the bus left a gap, and looks at the checkpoint now and then.

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

/// How often the read model's checkpoint is compared with what has come: the net under everything else.
const CHECK: Duration = Duration::from_secs(1);

/// How often unread counters other_teams are counted anew, if they have moved.
const COUNT: Duration = Duration::from_secs(2);

/// Rows read from the table at once.
const PAGE: i64 = 512;

/// The bus ended before the process does.
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
                heard = feed.next() => match heard {
                    Some(Delivery::Message(message)) => self.hear(&message),
                    Some(Delivery::Missed(_)) => work.push(self.job(Job::Check { at_once: true })),
                    None => return Err(BusClosed),
                },
                () = self.wanted() => {}
                _ = checks.tick() => work.push(self.job(Job::Check { at_once: false })),
                _ = counts.tick() => {
                    // One count at a time: a slow database is not asked more often than it answers.
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

    /// A transaction of the projection.
    fn hear(&self, message: &Message) {
        match serde_json::from_slice::<CommittedBatch>(&message.payload) {
            Ok(committed) => self.fanout().accept(committed),
            // The table has them in any case: the next look at the checkpoint finds out.
            Err(error) => tracing::warn!(%error, "rows on the bus cannot be read"),
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
            Err(error) => tracing::warn!(%error, "the read model's checkpoint cannot be read"),
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
                    tracing::error!(%after, head, "what this gateway has yet to tell is forgotten");
                    self.fanout().skip(head);
                }
                Err(error) => {
                    tracing::warn!(%error, "the feed cannot be read");
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
    /// Count what is unread other_teams; one at a time.
    Count(OwnedSemaphorePermit),
}
