//! A walk along the chain that holds it against what was signed: the same for a log and for a file.

use crate::{BadSignature, Chain, Checkpoint};
use chrono::{DateTime, Utc};
use event_log::RawEvent;
use events::Position;
use secrets::signing::PublicKey;
use serde::Serialize;
use std::collections::VecDeque;

/// Where the chain breaks first, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Break {
    /// The number in the chain.
    pub number: u64,
    /// The position, where it is known: a missing event has none in a log whose positions have gaps.
    pub position: Option<Position>,
    /// The last position before it that is in order.
    pub after: Position,
    /// What is wrong.
    pub why: Fault,
}

/// What is wrong with history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Another event stands there, or another version of it.
    #[error("the event is not the one that was hashed")]
    Changed,
    /// None stands there.
    #[error("the event is missing")]
    Missing,
    /// The index leads elsewhere than the event says.
    #[error("the index says of the event what it does not say of itself")]
    Index,
    /// Hashes fit each other, but not what was signed.
    #[error("history is not the one that was signed at {at}: it was changed at number {from} or later")]
    NotAsSigned {
        /// When it was signed.
        at: DateTime<Utc>,
        /// The first number that no good checkpoint covers.
        from: u64,
    },
    /// It ends before what was signed.
    #[error("history ends here, but number {number} was signed at {at}")]
    Cut {
        /// The number that was signed.
        number: u64,
        /// When.
        at: DateTime<Utc>,
    },
    /// A checkpoint is worth nothing.
    #[error("a checkpoint for it is not good: {0}")]
    Checkpoint(BadSignature),
    /// The file has other bytes than those that were exported, although its chain holds.
    #[error("the file is not the one that was exported: bytes outside of the chain were changed")]
    File,
    /// The manifest was not made by who is trusted.
    #[error("the manifest is not signed with a key that is trusted")]
    Manifest,
    /// The file cannot be read further.
    #[error("a line that is none: {0}")]
    Line(String),
}

/// On its way from a place in the chain.
#[derive(Debug)]
pub(crate) struct Walk {
    chain: Chain,
    position: Position,
    /// Checkpoints still to come, by number.
    ahead: VecDeque<Checkpoint>,
    passed: usize,
    last_signed: Option<Checkpoint>,
}

impl Walk {
    /// Begins behind `start`, with checkpoints in any order. Those of before prove nothing here and are left out.
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

    /// One event further.
    pub(crate) fn step(&mut self, event: &RawEvent) -> Result<Chain, Break> {
        let chain = self.chain.then(event);
        while let Some(checkpoint) = self.ahead.pop_front_if(|next| next.number == chain.number) {
            if checkpoint.hash != chain.hash {
                let from = self.last_signed.as_ref().map_or(1, |good| good.number.saturating_add(1));
                let why = Fault::NotAsSigned { at: checkpoint.at, from };
                return Err(self.broken(Some(event.position), why));
            }
            self.passed += 1;
            self.last_signed = Some(checkpoint);
        }
        (self.chain, self.position) = (chain, event.position);
        Ok(chain)
    }

    /// Says whether history may end here.
    pub(crate) fn end(&self) -> Result<(), Break> {
        match self.ahead.front() {
            None => Ok(()),
            Some(Checkpoint { number, at, position, .. }) => {
                let next = (*number - 1 == self.chain.number).then_some(*position);
                Err(self.broken(next, Fault::Cut { number: *number, at: *at }))
            }
        }
    }

    /// A break at the next event.
    pub(crate) fn broken(&self, position: Option<Position>, why: Fault) -> Break {
        Break { number: self.chain.number.saturating_add(1), position, after: self.position, why }
    }

    /// Where it stands.
    pub(crate) fn chain(&self) -> Chain {
        self.chain
    }

    /// The position of the last event.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// How many checkpoints fitted, and the last of them.
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
