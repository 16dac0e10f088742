//! Wrong tries of a number's codes within a day, by the codes' length: what bounds how likely a guess ever hits.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// Counted by the hour, so that the state stays small however often somebody guesses.
#[derive(Clone, Debug, Default)]
pub(super) struct Guesses(BTreeMap<(i64, u8), u64>);

fn hour(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(3_600)
}

impl Guesses {
    /// One more at a code of this length.
    pub(super) fn count(&mut self, length: u8, at: DateTime<Utc>) {
        let oldest = hour(at - TimeDelta::days(1));
        self.0.retain(|(hour, _), _| *hour >= oldest);
        let count = self.0.entry((hour(at), length)).or_default();
        *count = count.saturating_add(1);
    }

    /// Those of the last day, and of the rest of the hour in which it began: never fewer than there were.
    pub(super) fn of_a_day(&self, length: u8, now: DateTime<Utc>) -> u64 {
        let begin = hour(now - TimeDelta::days(1));
        let counted = self.0.iter().filter(|((hour, of), _)| *hour >= begin && *of == length);
        counted.map(|(_, count)| *count).fold(0, u64::saturating_add)
    }
}
