//! A walk along the chain that compares it with checkpoints, for logs and for exported files.

use crate::{BadSignature, Chain, Checkpoint};
use chrono::{DateTime, Utc};
use event_log::RawEvent;
use events::Position;
use secrets::signing::PublicKey;
use serde::Serialize;
use std::collections::VecDeque;

/// First fault of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Break {
    /// Number in the chain.
    pub number: u64,
    /// Position, if known: a missing event has none in a log whose positions have gaps.
    pub position: Option<Position>,
    /// Last position before the fault.
    pub after: Position,
    /// Fault.
    pub why: Fault,
}

/// Kinds of faults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The event differs from the hashed one.
    #[error("the event is not the one that was hashed")]
    Changed,
    /// The event is missing.
    #[error("the event is missing")]
    Missing,
    /// The index entry differs from its event.
    #[error("the index entry does not match the event")]
    Index,
    /// The hashes match each other, but not the checkpoint.
    #[error("history is not the one that was signed at {at}: it was changed at number {from} or later")]
    NotAsSigned {
        /// Time of the checkpoint.
        at: DateTime<Utc>,
        /// First number that no matching checkpoint covers.
        from: u64,
    },
    /// The history ends before a signed number.
    #[error("history ends here, but number {number} was signed at {at}")]
    Cut {
        /// Signed number.
        number: u64,
        /// Time of the checkpoint.
        at: DateTime<Utc>,
    },
    /// A checkpoint has a bad signature.
    #[error("a checkpoint for it has a bad signature: {0}")]
    Checkpoint(BadSignature),
    /// The chain holds, but other bytes of the file differ from the exported ones.
    #[error("the file differs from the exported one: bytes outside the chain were changed")]
    File,
    /// The manifest has no trusted signature.
    #[error("the manifest is not signed with a trusted key")]
    Manifest,
    /// A line of the file cannot be parsed.
    #[error("a line cannot be parsed: {0}")]
    Line(String),
}

/// State of a walk.
#[derive(Debug)]
pub(crate) struct Walk {
    chain: Chain,
    position: Position,
    /// Checkpoints still ahead, by number.
    ahead: VecDeque<Checkpoint>,
    passed: usize,
    last_signed: Option<Checkpoint>,
}

impl Walk {
    /// Begins after `start`, with checkpoints in any order; those up to `start` prove nothing here and are dropped.
    pub(crate) fn begin(
        start: Chain,
        mut checkpoints: Vec<Checkpoint>,
        trusted: &[PublicKey],
    ) -> Result<Self, Break> {
        checkpoints.retain(|checkpoint| checkpoint.number > start.number);
        checkpoints.sort_by_key(|checkpoint| (checkpoint.number, checkpoint.at));
        checkpoints.dedup();
        for checkpoint in &checkpoints {
            check(checkpoint, trusted)?;
        }
        Ok(Self { chain: start, position: 0, ahead: checkpoints.into(), passed: 0, last_signed: None })
    }

    /// Walks one event further.
    pub(crate) fn step(&mut self, event: &RawEvent) -> Result<Chain, Break> {
        let chain = self.chain.then(event);
        while let Some(checkpoint) = self.ahead.pop_front_if(|next| next.number == chain.number) {
            if checkpoint.hash != chain.hash {
                let from = self.last_signed.as_ref().map_or(1, |good| good.number.saturating_add(1));
                let why = Fault::NotAsSigned { at: checkpoint.at, from };
                return Err(self.break_at(Some(event.position), why));
            }
            self.passed += 1;
            self.last_signed = Some(checkpoint);
        }
        (self.chain, self.position) = (chain, event.position);
        Ok(chain)
    }

    /// Whether the history may end here.
    pub(crate) fn end(&self) -> Result<(), Break> {
        match self.ahead.front() {
            None => Ok(()),
            Some(Checkpoint { number, at, position, .. }) => {
                let next = (*number - 1 == self.chain.number).then_some(*position);
                Err(self.break_at(next, Fault::Cut { number: *number, at: *at }))
            }
        }
    }

    /// A break at the next event.
    pub(crate) fn break_at(&self, position: Option<Position>, why: Fault) -> Break {
        Break { number: self.chain.number.saturating_add(1), position, after: self.position, why }
    }

    /// The current point in the chain.
    pub(crate) fn chain(&self) -> Chain {
        self.chain
    }

    /// Position of the last event.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Number of checkpoints that matched, and the last of them.
    pub(crate) fn signed(&self) -> (usize, Option<&Checkpoint>) {
        (self.passed, self.last_signed.as_ref())
    }
}

fn check(checkpoint: &Checkpoint, trusted: &[PublicKey]) -> Result<(), Break> {
    let known = trusted.iter().find(|key| key.to_string() == checkpoint.key);
    let outcome = known.map_or(Err(BadSignature::OtherKey), |key| checkpoint.check(key));
    let Checkpoint { number, position, .. } = *checkpoint;
    outcome.map_err(|bad| Break {
        number,
        position: Some(position),
        after: position.saturating_sub(1),
        why: Fault::Checkpoint(bad),
    })
}
