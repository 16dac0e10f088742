//! Reasons why the notary does not extend or sign the chain.

use crate::Checkpoint;
use chrono::{DateTime, Utc};
use event_log::ReadError;
use events::Position;

/// Reasons why the notary does not extend or sign the chain.
#[derive(Debug, thiserror::Error)]
pub enum NotaryError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The audit's database failed.
    #[error("the audit's database: {0}")]
    Database(#[from] sqlx::Error),
    /// The checkpoint file cannot be written.
    #[error("the checkpoint file: {0}")]
    File(#[from] std::io::Error),
    /// The log does not hold the events that were hashed: it was cut, changed, or is another log. Run `veche audit
    /// verify`.
    #[error("the log does not hold what the chain has at position {0}: was it cut, or is it another log?")]
    OtherHistory(Position),
    /// The history differs from the signed one.
    #[error(
        "the log is not the one that was signed at {at} up to number {number}: it was rewritten, or a backup was put in its \
         place; `veche audit verify` says more, and `veche audit accept` accepts it"
    )]
    Rewritten {
        /// Signed number.
        number: u64,
        /// Time of the signature.
        at: DateTime<Utc>,
    },
    /// An event was not written by this installation, and no operator has skipped it.
    #[error(
        "the event at position {0} was not written by this installation: nothing is signed until `veche parked skip` rules on it"
    )]
    ForeignEvent(Position),
}

impl NotaryError {
    /// Whether the history is at fault, so that retrying is useless.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::OtherHistory(_) | Self::Rewritten { .. } | Self::ForeignEvent(_))
    }
}

/// The error for a history that differs from a checkpoint.
pub(super) fn rewritten(signed: &Checkpoint) -> NotaryError {
    NotaryError::Rewritten { number: signed.number, at: signed.at }
}
