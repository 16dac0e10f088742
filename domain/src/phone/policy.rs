//! Limits of login codes, and what follows from them for a number's safety.

use chrono::Duration;

/// Digits by which a code is longer where shorter ones were guessed at too often.
const STEP: u8 = 2;
/// How much less likely a guess hits a code that is one step longer.
const STEP_FACTOR: u64 = 100;
/// Digits of the longest code, unless the policy begins with more.
const LONGEST: u8 = 10;
/// A code is good for so long at most, however often it is asked for again.
const OLDEST: Duration = Duration::minutes(10);

/// Limits of login codes.
#[derive(Clone, Copy, Debug)]
pub struct CodePolicy {
    /// Digits of a new code.
    pub length: u8,
    /// How long a code is valid after it was last asked for.
    pub lifetime: Duration,
    /// Within this time after a message, asking again sends nothing.
    pub resend_after: Duration,
    /// The same, once more messages went out than `per_hour` or `per_day`.
    pub slow_resend_after: Duration,
    /// Wrong tries that each way to show that one has asked gives for one request.
    pub tries: u32,
    /// Messages in an hour at the usual pace.
    pub per_hour: usize,
    /// Messages in a day at the usual pace.
    pub per_day: usize,
}

impl CodePolicy {
    /// Wrong tries that a request sets aside: those with its id from its address, and those with one of the two.
    pub(super) fn set_aside(&self) -> u64 {
        2 * u64::from(self.tries)
    }

    /// Wrong tries in a day at codes of this length. Each step has a hundred times as many, of which each is a hundred times less
    /// likely to hit: the chance in a day is the same at each length.
    pub(super) fn guesses(&self, length: u8) -> u64 {
        let steps = u32::from(length.saturating_sub(self.length) / STEP);
        let shortest = u64::from(self.tries).saturating_mul(self.per_day as u64).max(self.set_aside());
        shortest.saturating_mul(STEP_FACTOR.saturating_pow(steps))
    }

    /// Lengths that codes may have, shortest first.
    pub(super) fn lengths(&self) -> impl Iterator<Item = u8> {
        (self.length..=LONGEST.max(self.length)).step_by(usize::from(STEP))
    }

    /// How old a code may get.
    pub(super) fn oldest(&self) -> Duration {
        OLDEST.max(self.lifetime)
    }
}
