//! Wrong tries at a number's codes, by day and code length. They bound the probability that a guess succeeds.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// Counts by hour and length, so the size of the state is bounded.
#[derive(Clone, Debug, Default)]
pub(super) struct Guesses(BTreeMap<(i64, u8), u64>);

fn hour(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(3_600)
}

impl Guesses {
    /// Counts a wrong try at a code of this length.
    pub(super) fn count(&mut self, length: u8, at: DateTime<Utc>) {
        let oldest = hour(at - TimeDelta::days(1));
        self.0.retain(|(hour, _), _| *hour >= oldest);
        let count = self.0.entry((hour(at), length)).or_default();
        *count = count.saturating_add(1);
    }

    /// The wrong tries of the last 24 hours, rounded up to whole hours.
    pub(super) fn of_a_day(&self, length: u8, now: DateTime<Utc>) -> u64 {
        let begin = hour(now - TimeDelta::days(1));
        let counted = self.0.iter().filter(|((hour, of), _)| *hour >= begin && *of == length);
        counted.map(|(_, count)| *count).fold(0, u64::saturating_add)
    }
}
