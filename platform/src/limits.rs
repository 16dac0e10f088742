//! Rate limits: a registry of named limits, each with its quota, key and reason.
//!
//! Limits are kept per process (GCRA): `count` at once, then one every `seconds / count`. After a pause up to twice
//! `count` pass within one window; in exchange no single request is remembered. Limits that must hold across
//! processes and restarts (codes per phone, tries per code) are counted in events instead.

mod key;
mod registry;

pub use key::{Key, KeyKind};
pub use registry::{Limit, quotas};

use crate::tasks::Tasks;
use governor::{
    Quota as GcraQuota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Interval at which idle keys are forgotten.
const SWEEP: Duration = Duration::from_secs(60);

/// `count` times in `seconds`; `count = 0` turns the limit off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Number of requests.
    pub count: u32,
    /// Window, in seconds.
    pub seconds: u32,
}

/// The rest of a quota after an allowed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Number of requests that may follow at once.
    pub count: u32,
}

/// The quota is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("limit {} exceeded: {} in {} s", limit.name(), quota.count, quota.seconds)]
pub struct Exceeded {
    /// The limit that was exceeded.
    pub limit: Limit,
    /// Its quota.
    pub quota: Quota,
    /// Time until the next request is accepted; at least a second.
    pub retry_after: Duration,
}

type Gcra = RateLimiter<Key, DefaultKeyedStateStore<Key>, DefaultClock, StateInformationMiddleware>;

struct Limiter {
    quota: Quota,
    gcra: Gcra,
    /// Keys whose quota is used up, with the time at which it recovers.
    tripped: Mutex<HashMap<Key, Instant>>,
}

/// All limits of this process.
pub struct Limits {
    /// In the order of [`Limit::ALL`]; `None` if the limit is off.
    limiters: Vec<Option<Limiter>>,
}

impl Limits {
    /// Limits with these quotas; a missing name means no limit.
    pub fn new(quotas: &BTreeMap<String, Quota>) -> Self {
        let limiter = |limit: &Limit| quotas.get(limit.name()).and_then(|quota| Limiter::new(*quota));
        Self { limiters: Limit::ALL.iter().map(limiter).collect() }
    }

    /// Counts one request.
    ///
    /// # Errors
    /// [`Exceeded`] if the quota is used up; then nothing is counted.
    pub fn check(&self, limit: Limit, key: &Key) -> Result<Remaining, Exceeded> {
        let Some(limiter) = self.limiter(limit) else { return Ok(Remaining { count: u32::MAX }) };
        let key = key.masked(limit.key_kind());
        match limiter.gcra.check_key(&key) {
            Ok(state) => Ok(Remaining { count: state.remaining_burst_capacity() }),
            Err(until) => {
                let wait = until.wait_time_from(limiter.gcra.clock().now());
                let retry_after = whole_seconds(wait);
                limiter.tripped().insert(key, Instant::now() + retry_after);
                Err(Exceeded { limit, quota: limiter.quota, retry_after })
            }
        }
    }

    /// Counts one failure afterwards: once the quota is used up, [`Self::allowed`] refuses until it recovers.
    pub fn failed(&self, limit: Limit, key: &Key) {
        let _ = self.check(limit, key);
    }

    /// Checks a quota without counting: refuses from the first refusal of [`Self::check`] until the quota recovers.
    ///
    /// # Errors
    /// [`Exceeded`].
    pub fn allowed(&self, limit: Limit, key: &Key) -> Result<(), Exceeded> {
        let Some(limiter) = self.limiter(limit) else { return Ok(()) };
        let until = limiter.tripped().get(&key.masked(limit.key_kind())).copied();
        let wait = until.map(|until| until.saturating_duration_since(Instant::now())).unwrap_or_default();
        if wait.is_zero() {
            return Ok(());
        }
        Err(Exceeded { limit, quota: limiter.quota, retry_after: whole_seconds(wait) })
    }

    /// Starts a task that forgets idle keys until shutdown.
    pub fn keep_up(self: &Arc<Self>, tasks: &Tasks) {
        let (limits, stopping) = (Arc::clone(self), tasks.stopping());
        tasks.spawn("limits", async move {
            let mut beat = tokio::time::interval(SWEEP);
            while stopping.run_until_cancelled(beat.tick()).await.is_some() {
                limits.sweep();
            }
        });
    }

    /// Forgets keys with a full quota.
    pub fn sweep(&self) {
        let now = Instant::now();
        for limiter in self.limiters.iter().flatten() {
            limiter.gcra.retain_recent();
            limiter.gcra.shrink_to_fit();
            limiter.tripped().retain(|_, until| *until > now);
        }
    }

    /// Number of remembered keys, over all limits.
    pub fn remembered(&self) -> usize {
        self.limiters.iter().flatten().map(|limiter| limiter.gcra.len()).sum()
    }

    fn limiter(&self, limit: Limit) -> Option<&Limiter> {
        self.limiters.get(limit as usize).and_then(Option::as_ref)
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").field("remembered", &self.remembered()).finish_non_exhaustive()
    }
}

impl Limiter {
    fn new(quota: Quota) -> Option<Self> {
        let burst = NonZeroU32::new(quota.count)?;
        let gcra = GcraQuota::with_period(Duration::from_secs(u64::from(quota.seconds)) / quota.count)?;
        let gcra = RateLimiter::keyed(gcra.allow_burst(burst)).with_middleware();
        Some(Self { quota, gcra, tripped: Mutex::default() })
    }

    fn tripped(&self) -> MutexGuard<'_, HashMap<Key, Instant>> {
        // Changes of the map cannot panic half way, so a poisoned lock still guards a consistent map.
        self.tripped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rounds up, so that a client that returns after this many seconds is accepted.
fn whole_seconds(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(Duration::from_secs(1))
}

#[cfg(test)]
mod tests;
