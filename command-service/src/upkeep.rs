//! Commands that time or another stream triggers: clean-up of old messages, memberships of groups, deadlines of tasks,
//! requested erasures, and sessions that are over.
//!
//! The read model says what is due, and the streams decide as for any command: doing it twice, in two processes or again
//! after a crash changes nothing.

mod deadlines;
mod deps;
mod groups;
mod messages;
mod sessions;

pub(crate) use deps::UpkeepDeps;

use crate::erasure::Erasure;
use groups::GroupMemberships;
use platform::http::ApiError;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// The interval between two rounds.
const EVERY: Duration = Duration::from_secs(2);

/// Sessions are ended in one round of so many: a session that is over opens nothing in the meantime.
const SESSIONS_EVERY: u32 = 5;

/// Does what is due.
pub struct Upkeep {
    deps: UpkeepDeps,
    erasure: Erasure,
    memberships: GroupMemberships,
}

impl Upkeep {
    pub(crate) fn new(deps: UpkeepDeps, erasure: Erasure) -> Self {
        Self { deps, erasure, memberships: GroupMemberships::default() }
    }

    /// Runs until it is dropped. Failures are logged, and the next round retries.
    pub async fn run(mut self) {
        let mut beat = interval(EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut round = 0_u32;
        loop {
            beat.tick().await;
            if let Err(error) = self.round(round.is_multiple_of(SESSIONS_EVERY)).await {
                tracing::warn!(error = ?error.failure().code, "upkeep incomplete, will retry");
            }
            round = round.wrapping_add(1);
        }
    }

    async fn round(&mut self, with_sessions: bool) -> Result<(), ApiError> {
        // A read model that is being rebuilt knows of rules that were lifted later.
        self.deps.access.read.ensure_complete().await?;
        // A failure of one part does not keep the others from running.
        let cleaned = messages::delete_old(&self.deps).await;
        let settled = self.memberships.settle(&self.deps).await;
        let passed = deadlines::pass_due(&self.deps).await;
        let erased = self.erasure.run_due().await;
        let ended = if with_sessions { sessions::end_over(&self.deps).await } else { Ok(()) };
        cleaned.and(settled).and(passed).and(erased).and(ended)
    }
}
