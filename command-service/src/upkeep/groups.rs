//! Removes from groups the contacts that have left the team, and restores those that have come back.

use super::deps::UpkeepDeps;
use crate::context::Context;
use domain::chat::{self, Chat};
use events::StreamName;
use platform::http::ApiError;
use read_model::upkeep::PendingMembership;
use std::collections::HashSet;

/// Memberships that are read at once, and that are remembered as settled.
const BATCH: usize = 10_000;

/// Memberships that were settled: a group may have nothing to do for a contact, and is not asked again every round.
#[derive(Default)]
pub(super) struct GroupMemberships(HashSet<PendingMembership>);

impl GroupMemberships {
    pub(super) async fn settle(&mut self, deps: &UpkeepDeps) -> Result<(), ApiError> {
        if self.0.len() > BATCH {
            self.0.clear();
        }
        let context = Context::system("group.settle", deps.access.clock.now());
        for due in deps.access.read.upkeep().pending_memberships(BATCH as i64).await? {
            let PendingMembership { group, contact, stays } = due;
            if self.0.contains(&due) {
                continue;
            }
            let command = |_: &Chat| match stays {
                true => chat::Command::Welcome { contact },
                false => chat::Command::Forget { contact },
            };
            deps.aggregates.transact(&context, StreamName::chat(group), command).await?;
            self.0.insert(due);
        }
        Ok(())
    }
}
