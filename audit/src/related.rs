//! What an event came of and what came of it: by causation, and by the request and the command that it shares.

use crate::{AuditError, Auditor, Entry, Filter, Order};
use std::collections::HashSet;

/// How far causes are followed.
const CAUSES: usize = 32;
/// How many effects are followed.
const EFFECTS: usize = 500;
/// How many events of the same request are told.
const SIBLINGS: usize = 100;

/// An event among those that belong to it.
#[derive(Clone, Debug)]
pub struct Related {
    /// Its causes, the first one first.
    pub causes: Vec<Entry>,
    /// What came of it, each with its depth from 1, in the order of a tree.
    pub effects: Vec<(usize, Entry)>,
    /// The other events of the same request, in order.
    pub siblings: Vec<Entry>,
}

impl Auditor {
    /// What belongs to an event.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn related(&self, entry: &Entry) -> Result<Related, AuditError> {
        Ok(Related {
            causes: self.causes(entry).await?,
            effects: self.effects(entry).await?,
            siblings: self.siblings(entry).await?,
        })
    }

    async fn causes(&self, entry: &Entry) -> Result<Vec<Entry>, AuditError> {
        let mut causes: Vec<Entry> = Vec::new();
        let mut next = entry.causation;
        while let (Some(cause), true) = (next, causes.len() < CAUSES) {
            let Some(found) = self.ledger().entry(cause).await? else { break };
            next = found.causation;
            causes.push(found);
        }
        causes.reverse();
        Ok(causes)
    }

    async fn effects(&self, entry: &Entry) -> Result<Vec<(usize, Entry)>, AuditError> {
        let mut known = HashSet::from([entry.event_id]);
        let mut told = Vec::new();
        // Those that are not told yet, the next one last.
        let mut open = self.direct(0, entry, &mut known).await?;
        while let (Some((depth, effect)), true) = (open.pop(), told.len() < EFFECTS) {
            open.extend(self.direct(depth, &effect, &mut known).await?);
            told.push((depth, effect));
        }
        Ok(told)
    }

    /// What came of an event at once, latest first; nothing twice, whatever causation claims.
    async fn direct(
        &self,
        depth: usize,
        entry: &Entry,
        known: &mut HashSet<events::EventId>,
    ) -> Result<Vec<(usize, Entry)>, AuditError> {
        let mut effects = self.ledger().effects_of(&[entry.event_id]).await?;
        effects.retain(|effect| known.insert(effect.event_id));
        Ok(effects.into_iter().rev().map(|effect| (depth + 1, effect)).collect())
    }

    async fn siblings(&self, entry: &Entry) -> Result<Vec<Entry>, AuditError> {
        let Some(request) = entry.request_id.clone() else { return Ok(Vec::new()) };
        // A request id is the client's choice: without the actor another's could be mixed in.
        let filter = Filter { request_id: Some(request), actor: entry.actor, ..Filter::default() };
        let mut found = self.ledger().entries(&filter, Order::Oldest, 0, SIBLINGS).await?;
        found.retain(|other| other.number != entry.number);
        Ok(found)
    }
}
