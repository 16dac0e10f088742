//! What nobody asks for but time and other streams: messages of groups that clean up after themselves, groups of people
//! who have left the team or come back, deadlines of tasks ([`crate::deadlines`]), and sessions that are over ([`crate::sessions`]).
//!
//! What is due stands in the read model; what becomes of it is decided by the streams like any command, so that doing it
//! twice, in two processes, or again after a crash changes nothing.

use crate::{Commands, context::Context, transact::InitialState};
use domain::{
    chat,
    message::{self, Message},
};
use events::{ContactId, Position, StreamName, message::Author};
use futures::{StreamExt, TryStreamExt, stream};
use platform::http::ApiError;
use read_model::upkeep::PendingMembership;
use std::{collections::HashSet, time::Duration};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

/// How often it is looked for what is due.
const EVERY: Duration = Duration::from_secs(2);

/// One look in so many is for sessions that are over: they open nothing meanwhile.
const SESSIONS_EVERY: u32 = 5;

/// How many messages are deleted before it is looked again, and how many of them at the same time.
const AT_ONCE: i64 = 200;
/// See [`AT_ONCE`].
const SIDE_BY_SIDE: usize = 16;

/// Memberships that are looked at, and remembered: a group may have nothing to do for somebody, and need not be asked
/// every time.
const MEMBERSHIPS: usize = 10_000;

impl Commands {
    /// Does what is due, until it is dropped. Failures are logged; what is left is due the next time.
    pub async fn keep_up(self) {
        let mut beat = interval(EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut settled = HashSet::new();
        let mut looks = 0_u32;
        loop {
            beat.tick().await;
            let for_sessions = looks.is_multiple_of(SESSIONS_EVERY);
            looks = looks.wrapping_add(1);
            let done = async {
                // Half a read model knows of rules that were lifted later.
                self.access.read.ensure_complete().await?;
                // What fails in one is no reason to leave the others undone.
                let cleaned = self.clean_up().await;
                let settled = self.settle_memberships(&mut settled).await;
                let passed = self.pass_deadlines().await;
                let forgotten = self.forget_due().await;
                let ended = if for_sessions { self.end_sessions().await } else { Ok(()) };
                cleaned.and(settled).and(passed).and(forgotten).and(ended)
            };
            if let Err(error) = done.await {
                tracing::warn!(error = ?error.failure().code, "what is due was not done");
            }
        }
    }

    /// Deletes messages that are older than their group wants to keep them.
    async fn clean_up(&self) -> Result<(), ApiError> {
        loop {
            let context = &Context::system("message.clean_up", self.access.clock.now());
            let overdue = self.access.read.upkeep().overdue_messages(context.now, AT_ONCE).await?;
            if overdue.is_empty() {
                return Ok(());
            }
            let (author, now) = (Author::Contact(ContactId(Uuid::nil())), context.now);
            let deleted = overdue.into_iter().map(|message| async move {
                let command = |_: &Message| message::Command::Delete { author, any: true, now };
                let stream = StreamName::message(message);
                let done = self.transact(context, stream, InitialState::Cached, command).await;
                done.map(|done| done.position).map_err(|stop| {
                    stop.or(|rejection| ApiError::internal(format!("not deleted: {rejection:?}")))
                })
            });
            let positions: Vec<Position> =
                stream::iter(deleted).buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
            tracing::debug!(deleted = positions.len(), "old messages were deleted");
            self.settle(context, positions.into_iter().max().unwrap_or(0)).await?;
        }
    }

    /// Tells groups of those who are out of the team, or back in it.
    async fn settle_memberships(&self, settled: &mut HashSet<PendingMembership>) -> Result<(), ApiError> {
        if settled.len() > MEMBERSHIPS {
            settled.clear();
        }
        let context = Context::system("group.settle", self.access.clock.now());
        for due in self.access.read.upkeep().pending_memberships(MEMBERSHIPS as i64).await? {
            let PendingMembership { group, contact, stays } = due;
            if settled.contains(&due) {
                continue;
            }
            let command = || match stays {
                true => chat::Command::Welcome { contact },
                false => chat::Command::Forget { contact },
            };
            self.on_group(&context, group, InitialState::Cached, command).await?;
            settled.insert(due);
        }
        Ok(())
    }
}
