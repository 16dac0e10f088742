//! Time and random ids as values that are passed in, so that rules stay pure and a repeated command makes the same
//! ids.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use uuid::{Builder, Uuid};

/// Source of the current time. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system clock.
    #[default]
    System,
    /// A time that a test sets and moves; clones share it.
    Scripted(ScriptedTime),
}

/// Microseconds since 1970; moves only by [`Self::advance`].
#[derive(Clone, Debug)]
pub struct ScriptedTime(Arc<AtomicI64>);

impl Clock {
    /// A clock that stands still, and the handle that moves it.
    pub fn scripted(at: DateTime<Utc>) -> (Self, ScriptedTime) {
        let time = ScriptedTime(Arc::new(AtomicI64::new(at.timestamp_micros())));
        (Self::Scripted(time.clone()), time)
    }

    /// The current time in whole microseconds, the precision of the log, Postgres and the wire.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now().trunc_subsecs(6),
            Self::Scripted(time) => {
                let micros = time.0.load(Ordering::SeqCst);
                DateTime::from_timestamp_micros(micros).unwrap_or_default()
            }
        }
    }
}

impl ScriptedTime {
    /// Moves the time forward.
    pub fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_microseconds().unwrap_or_default(), Ordering::SeqCst);
    }
}

/// Source of new ids: version 4 UUIDs.
#[derive(Clone, Debug)]
pub enum Ids {
    /// Random ids.
    Random,
    /// Ids derived from a seed: the same seed gives the same ids in the same order.
    Derived {
        /// The seed, such as a command's id.
        seed: Vec<u8>,
        /// Number of ids made.
        made: u64,
    },
}

impl Ids {
    /// Ids of a command: repeating it makes the same ones.
    pub fn derived_from(seed: &[u8]) -> Self {
        Self::Derived { seed: seed.to_vec(), made: 0 }
    }

    /// A new id.
    #[expect(clippy::disallowed_methods, reason = "the one place that makes random ids")]
    pub fn make(&mut self) -> Uuid {
        match self {
            Self::Random => Uuid::new_v4(),
            Self::Derived { seed, made } => {
                let hash = Sha256::new().chain_update(&*seed).chain_update(made.to_be_bytes()).finalize();
                *made += 1;
                let mut bytes = [0; 16];
                bytes.copy_from_slice(&hash[..16]);
                Builder::from_random_bytes(bytes).into_uuid()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, Ids};
    use chrono::{DateTime, TimeDelta, Timelike};
    use std::collections::HashSet;

    #[test]
    fn times_have_no_more_than_microseconds() {
        assert_eq!(Clock::System.now().nanosecond() % 1_000, 0);
    }

    #[test]
    fn scripted_time_moves_only_by_advance() {
        let start = DateTime::from_timestamp(1_570_000_000, 123_456_000).unwrap();
        let (clock, time) = Clock::scripted(start);
        let seen = clock.clone();
        assert_eq!(clock.now(), start);
        time.advance(TimeDelta::seconds(60));
        assert_eq!(seen.now(), start + TimeDelta::seconds(60));
    }

    #[test]
    fn the_same_seed_makes_the_same_ids_and_no_id_twice() {
        let make = |seed: &[u8]| {
            let mut ids = Ids::derived_from(seed);
            (0..100).map(|_| ids.make()).collect::<Vec<_>>()
        };
        assert_eq!(make(b"a"), make(b"a"));
        assert_ne!(make(b"a"), make(b"b"));
        assert_eq!(make(b"a").iter().collect::<HashSet<_>>().len(), 100);
        assert!(make(b"a").iter().all(|id| id.get_version_num() == 4));
    }

    #[test]
    fn derived_ids_are_a_contract() {
        let id = Ids::derived_from(b"veche").make();
        assert_eq!(id.to_string(), "5ea28dbf-87a9-427a-ad2d-a0f267f69954");
    }
}
