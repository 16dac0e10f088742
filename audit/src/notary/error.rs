//! Why the chain does not go on.

use crate::Checkpoint;
use chrono::{DateTime, Utc};
use event_log::ReadError;
use events::Position;

/// Why the chain does not go on.
#[derive(Debug, thiserror::Error)]
pub enum NotaryError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The database failed.
    #[error("the audit's database: {0}")]
    Database(#[from] sqlx::Error),
    /// The checkpoint could not be written outside.
    #[error("the file of checkpoints: {0}")]
    File(#[from] std::io::Error),
    /// The log does not hold what was hashed: it was cut, changed, or is another one. `veche audit verify` says more.
    #[error("the log does not hold what the chain has at position {0}: was it cut, or is it another log?")]
    OtherHistory(Position),
    /// The history is not the one that was signed.
    #[error(
        "the log is not the one that was signed at {at} up to number {number}: it was rewritten, or a backup was put in its \
         place; `veche audit verify` says more, and `veche audit accept` accepts it"
    )]
    Rewritten {
        /// The number that was signed.
        number: u64,
        /// When.
        at: DateTime<Utc>,
    },
    /// An event is not believed, and no operator has skipped it.
    #[error(
        "the event at position {0} was not written by this installation: nothing is signed until `veche parked skip` rules on it"
    )]
    ForeignEvent(Position),
}

impl NotaryError {
    /// Whether it is history that is wrong: trying again changes nothing.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::OtherHistory(_) | Self::Rewritten { .. } | Self::ForeignEvent(_))
    }
}

/// The history is not the one that this checkpoint signed.
pub(super) fn rewritten(signed: &Checkpoint) -> NotaryError {
    NotaryError::Rewritten { number: signed.number, at: signed.at }
}
