//! Causes, effects and siblings of an event: by causation, and by the request that it shares.

use crate::{AuditError, Auditor, Entry, Filter, Order};
use std::collections::HashSet;

/// Maximum number of causes.
const CAUSES: usize = 32;
/// Maximum number of effects.
const EFFECTS: usize = 500;
/// Maximum number of siblings.
const SIBLINGS: usize = 100;

/// Entries related to an event.
#[derive(Clone, Debug)]
pub struct Related {
    /// Chain of causes, the first cause first.
    pub causes: Vec<Entry>,
    /// Effects with their depth from 1, in depth-first order.
    pub effects: Vec<(usize, Entry)>,
    /// Other events of the same request, in order.
    pub siblings: Vec<Entry>,
}

impl Auditor {
    /// Finds the entries related to an entry.
    ///
    /// # Errors
    /// See [`AuditError`]; retry later.
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
        // Effects still to visit, the next one last.
        let mut open = self.direct(0, entry, &mut known).await?;
        while let (Some((depth, effect)), true) = (open.pop(), told.len() < EFFECTS) {
            open.extend(self.direct(depth, &effect, &mut known).await?);
            told.push((depth, effect));
        }
        Ok(told)
    }

    /// Direct effects of an event, latest first; each entry only once, even if causation claims a circle.
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
        // Clients choose request ids: without the actor, requests of others could be mixed in.
        let filter = Filter { request_id: Some(request), actor: entry.actor, ..Filter::default() };
        let mut found = self.ledger().entries(&filter, Order::Oldest, 0, SIBLINGS).await?;
        found.retain(|other| other.number != entry.number);
        Ok(found)
    }
}
