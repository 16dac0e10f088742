//! The limits of login codes, and the bounds on guessing that follow from them.

use chrono::Duration;

/// Digits by which codes get longer after too many wrong tries.
const STEP: u8 = 2;
/// A guess at a code one step longer is this many times less likely to succeed.
const STEP_FACTOR: u64 = 100;
/// Maximum digits of a code, unless the policy starts with more.
const LONGEST: u8 = 10;
/// Maximum age of a code, however often it is requested again.
const OLDEST: Duration = Duration::minutes(10);

/// Limits of login codes.
#[derive(Clone, Copy, Debug)]
pub struct CodePolicy {
    pub length: u8,
    /// How long a code is valid after its last request.
    pub lifetime: Duration,
    /// Minimum time between two messages.
    pub resend_after: Duration,
    /// Minimum time between two messages once `per_hour` or `per_day` is reached.
    pub slow_resend_after: Duration,
    /// Wrong tries of a request per kind of proof.
    pub tries: u32,
    /// Messages per hour at the usual pace.
    pub per_hour: usize,
    /// Messages per day at the usual pace.
    pub per_day: usize,
}

impl CodePolicy {
    /// Wrong tries that a request reserves: those with its id and its address, and those with one of the two.
    pub(super) fn set_aside(&self) -> u64 {
        2 * u64::from(self.tries)
    }

    /// Maximum wrong tries per day at codes of this length. Each step allows a hundred times as many, each a hundred times less
    /// likely to succeed: the probability per day is the same for every length.
    pub(super) fn guesses(&self, length: u8) -> u64 {
        let steps = u32::from(length.saturating_sub(self.length) / STEP);
        let shortest = u64::from(self.tries).saturating_mul(self.per_day as u64).max(self.set_aside());
        shortest.saturating_mul(STEP_FACTOR.saturating_pow(steps))
    }

    /// The possible lengths of codes, shortest first.
    pub(super) fn lengths(&self) -> impl Iterator<Item = u8> {
        (self.length..=LONGEST.max(self.length)).step_by(usize::from(STEP))
    }

    /// Maximum age of a code.
    pub(super) fn oldest(&self) -> Duration {
        OLDEST.max(self.lifetime)
    }
}
