//! Limits how many connections, uploads or searches run at once: per process, address, account and team.

use crate::{http::ApiError, limits::Key};
use protocol::{error::ErrorCode, lang::Text};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// Maximum numbers of permits held at once.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    pub per_process: usize,
    pub per_address: usize,
    pub per_account: usize,
    pub per_team: usize,
    /// Lowers the maximum of an account as the process fills up, so that a few accounts cannot shut out the others.
    pub fair: bool,
}

impl ConnectionLimits {
    /// No limits.
    pub const UNLIMITED: Self = Self {
        per_process: usize::MAX,
        per_address: usize::MAX,
        per_account: usize::MAX,
        per_team: usize::MAX,
        fair: false,
    };

    /// Maximum number of permits of an account while `free` permits of the process are left: all of its own while half are
    /// free, then fewer, and at least one.
    fn account_share(&self, free: usize) -> usize {
        if !self.fair {
            return self.per_account;
        }
        let share = self.per_account * 2 * free / self.per_process.max(1);
        share.clamp(1, self.per_account.max(1))
    }
}

/// Hands out permits up to [`ConnectionLimits`]. Cheap to clone: clones share the counts.
#[derive(Clone, Debug)]
pub struct ConnectionLimiter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: ConnectionLimits,
    held: Mutex<HashMap<Holder, usize>>,
}

/// Something that permits are counted for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Holder {
    Process,
    Address(Key),
    Account(Uuid),
    Team(Uuid),
}

/// The right to run one connection, upload or search. Dropping it frees its place.
#[derive(Debug)]
pub struct Permit {
    limiter: ConnectionLimiter,
    holders: Vec<Holder>,
}

/// The limit that refused a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitReached {
    Process,
    Address,
    Account,
    Team,
}

impl LimitReached {
    /// The answer: `UNAVAILABLE` if the process is full, `RATE_LIMIT` otherwise.
    pub fn refusal(self, retry_after: Duration) -> ApiError {
        let (code, text) = match self {
            Self::Process => (ErrorCode::Unavailable, Text::Unavailable),
            Self::Address | Self::Account | Self::Team => {
                (ErrorCode::RateLimit, Text::RateLimited { seconds: retry_after.as_secs() })
            }
        };
        ApiError::new(code).because(text).retry_after(retry_after)
    }
}

impl ConnectionLimiter {
    pub fn new(limits: ConnectionLimits) -> Self {
        Self(Arc::new(Inner { limits, held: Mutex::default() }))
    }

    /// Takes a permit for an account.
    ///
    /// # Errors
    /// [`LimitReached::Account`] is checked before [`LimitReached::Process`].
    pub fn acquire(&self, account: Uuid) -> Result<Permit, LimitReached> {
        let limits = &self.0.limits;
        let mut held = self.held();
        let count = |holder| held.get(&holder).copied().unwrap_or_default();
        let own = count(Holder::Account(account));
        if own >= limits.per_account {
            return Err(LimitReached::Account);
        }
        let free = limits.per_process.saturating_sub(count(Holder::Process));
        if free == 0 || own >= limits.account_share(free) {
            return Err(LimitReached::Process);
        }
        Ok(self.grant(&mut held, vec![Holder::Account(account), Holder::Process]))
    }

    /// Takes a permit for a client that is connected to a team.
    ///
    /// # Errors
    /// The first limit that is reached, in the order of [`LimitReached`].
    pub fn acquire_for_team(
        &self,
        address: IpAddr,
        account: Uuid,
        team: Uuid,
    ) -> Result<Permit, LimitReached> {
        let limits = &self.0.limits;
        let checks = [
            (Holder::Process, limits.per_process, LimitReached::Process),
            (Holder::Address(Key::subscriber(address)), limits.per_address, LimitReached::Address),
            (Holder::Account(account), limits.per_account, LimitReached::Account),
            (Holder::Team(team), limits.per_team, LimitReached::Team),
        ];
        let mut held = self.held();
        for (holder, limit, reached) in &checks {
            if held.get(holder).copied().unwrap_or_default() >= *limit {
                return Err(*reached);
            }
        }
        Ok(self.grant(&mut held, checks.into_iter().map(|(holder, ..)| holder).collect()))
    }

    fn grant(&self, held: &mut HashMap<Holder, usize>, holders: Vec<Holder>) -> Permit {
        for holder in &holders {
            *held.entry(holder.clone()).or_default() += 1;
        }
        Permit { limiter: self.clone(), holders }
    }

    /// Counting cannot panic half way, so a poisoned lock still guards consistent counts.
    fn held(&self) -> MutexGuard<'_, HashMap<Holder, usize>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = self.limiter.held();
        for holder in &self.holders {
            match held.get_mut(holder) {
                Some(count) if *count > 1 => *count -= 1,
                _ => {
                    held.remove(holder);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectionLimiter, ConnectionLimits, Holder, LimitReached};
    use protocol::error::ErrorCode;
    use std::{
        net::{IpAddr, Ipv4Addr},
        time::Duration,
    };
    use uuid::Uuid;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn limiter(adjust: impl FnOnce(&mut ConnectionLimits)) -> ConnectionLimiter {
        let mut limits = ConnectionLimits::UNLIMITED;
        adjust(&mut limits);
        ConnectionLimiter::new(limits)
    }

    #[test]
    fn acquire_over_the_account_or_process_limit_is_refused_until_a_permit_is_dropped() {
        let limiter = limiter(|limits| (limits.per_process, limits.per_account) = (3, 2));
        let (anna, boris, clara) = (id(1), id(2), id(3));
        let first = limiter.acquire(anna).unwrap();
        let _second = limiter.acquire(anna).unwrap();
        assert_eq!(limiter.acquire(anna).unwrap_err(), LimitReached::Account);
        let third = limiter.acquire(boris).unwrap();
        assert_eq!(limiter.acquire(clara).unwrap_err(), LimitReached::Process);
        assert_eq!(limiter.acquire(anna).unwrap_err(), LimitReached::Account);
        drop(first);
        let _again = limiter.clone().acquire(anna).unwrap();
        drop(third);
        let _fourth = limiter.acquire(clara).unwrap();
        assert_eq!(limiter.held().len(), 3, "the process and two accounts: boris is forgotten");
    }

    #[test]
    fn fair_limits_leave_permits_for_other_accounts() {
        let limiter = limiter(|limits| (limits.per_process, limits.per_account, limits.fair) = (64, 8, true));
        let mut permits = vec![];
        let mut take_all = |account: u128| {
            while let Ok(permit) = limiter.acquire(id(account)) {
                permits.push(permit);
            }
        };
        (1..=8).for_each(&mut take_all);
        let first = limiter.held().get(&Holder::Account(id(1))).copied();
        assert_eq!(first, Some(8), "alone, an account gets its whole limit");
        let others: Vec<_> = (100..108).map(|account| limiter.acquire(id(account))).collect();
        assert!(others.iter().all(Result::is_ok), "eight greedy accounts leave permits for eight others");
        assert_eq!(limiter.acquire(id(8)).unwrap_err(), LimitReached::Process);
    }

    #[test]
    fn acquire_for_team_is_limited_per_process_address_account_and_team() {
        let elsewhere = IpAddr::from([192, 0, 2, 1]);
        let refused = |limiter: ConnectionLimiter, address, account, team| {
            let _held = limiter.acquire_for_team(HERE, id(1), id(2)).unwrap();
            limiter.acquire_for_team(address, id(account), id(team)).err()
        };
        let process = || limiter(|limits| limits.per_process = 1);
        let address = || limiter(|limits| limits.per_address = 1);
        let account = || limiter(|limits| limits.per_account = 1);
        let team = || limiter(|limits| limits.per_team = 1);
        assert_eq!(refused(process(), elsewhere, 3, 4), Some(LimitReached::Process));
        assert_eq!(refused(address(), HERE, 3, 4), Some(LimitReached::Address));
        assert_eq!(refused(address(), elsewhere, 1, 2), None);
        assert_eq!(refused(account(), elsewhere, 1, 4), Some(LimitReached::Account));
        assert_eq!(refused(account(), HERE, 3, 2), None);
        assert_eq!(refused(team(), elsewhere, 3, 2), Some(LimitReached::Team));
        assert_eq!(refused(team(), HERE, 1, 4), None);
    }

    #[test]
    fn refusal_is_unavailable_only_for_the_process_limit() {
        let code = |reached: LimitReached| reached.refusal(Duration::from_secs(1)).code();
        assert_eq!(code(LimitReached::Process), ErrorCode::Unavailable);
        for reached in [LimitReached::Address, LimitReached::Account, LimitReached::Team] {
            assert_eq!(code(reached), ErrorCode::RateLimit);
        }
    }
}
