//! Limits the memory that request bodies and websocket frames hold at once: per account, per address and per
//! process. Bytes are counted before they are kept, and freed when their [`Charge`] is dropped.

use crate::{config::Memory, limits::Key};
use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

/// The budget of a process. Cheap to clone: clones share the counts.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    all: Option<Count>,
    of_address: usize,
    of_account: usize,
    /// Counts by owner, with the number of purses that use each.
    owners: Mutex<HashMap<Key, (Count, usize)>>,
}

/// The free bytes of one owner.
#[derive(Clone, Debug)]
struct Count {
    free: Arc<Semaphore>,
    most: usize,
}

/// Charges bytes to an account, its address and the process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Purse(Arc<Owned>);

struct Owned {
    budget: Budget,
    keys: Vec<Key>,
    /// In the order account, address, process.
    counts: Vec<(BudgetOwner, Count)>,
}

/// Bytes counted until this is dropped.
#[derive(Debug)]
pub struct Charge {
    purse: Purse,
    bytes: u32,
}

/// The budget that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BudgetOwner {
    /// The account's.
    #[error("too many bytes of the account are in flight")]
    Account,
    /// The address's.
    #[error("too many bytes from the address are in flight")]
    Address,
    /// The process's.
    #[error("too many bytes are in flight")]
    All,
}

impl Budget {
    /// The configured budget.
    pub fn new(memory: &Memory) -> Self {
        let bytes = |mb: u32| (mb as usize) << 20;
        Self(Arc::new(Inner {
            all: Count::new(bytes(memory.in_flight_mb)),
            of_address: bytes(memory.in_flight_per_address_mb),
            of_account: bytes(memory.in_flight_per_account_mb),
            owners: Mutex::default(),
        }))
    }

    /// A budget without limits, for bytes that are counted elsewhere.
    pub fn unlimited() -> Self {
        Self::new(&Memory { in_flight_mb: 0, in_flight_per_address_mb: 0, in_flight_per_account_mb: 0 })
    }

    /// The purse of an address, and of the account once it is known.
    pub fn purse(&self, account: Option<Uuid>, address: IpAddr) -> Purse {
        let account = account.map(|account| (BudgetOwner::Account, Key::Account(account), self.0.of_account));
        let address = (BudgetOwner::Address, Key::subscriber(address), self.0.of_address);
        let (mut keys, mut counts) = (Vec::with_capacity(2), Vec::with_capacity(3));
        let mut owners = self.0.owners();
        for (whose, key, most) in account.into_iter().chain([address]) {
            let Some(fresh) = Count::new(most) else { continue };
            let (count, purses) = owners.entry(key.clone()).or_insert((fresh, 0));
            *purses += 1;
            counts.push((whose, count.clone()));
            keys.push(key);
        }
        drop(owners);
        counts.extend(self.0.all.clone().map(|all| (BudgetOwner::All, all)));
        Purse(Arc::new(Owned { budget: self.clone(), keys, counts }))
    }

    /// Number of bytes counted in this process; 0 without a limit.
    pub fn in_flight(&self) -> usize {
        self.0.all.as_ref().map_or(0, |all| all.most - all.free.available_permits())
    }
}

impl Inner {
    /// Counting cannot panic half way, so a poisoned lock still guards consistent counts.
    fn owners(&self) -> MutexGuard<'_, HashMap<Key, (Count, usize)>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    fn new(most: usize) -> Option<Self> {
        (most > 0).then(|| Self { free: Arc::new(Semaphore::new(most)), most })
    }
}

impl Purse {
    /// Counts bytes if the budgets allow it.
    ///
    /// # Errors
    /// The budget that is used up; then nothing is counted.
    pub fn charge(&self, bytes: usize) -> Result<Charge, BudgetOwner> {
        let mut charge = Charge { purse: self.clone(), bytes: 0 };
        charge.cover(bytes)?;
        Ok(charge)
    }

    /// Waits in a queue until the budgets have room, then counts the bytes. Cancel-safe: a dropped future counts
    /// nothing.
    ///
    /// # Errors
    /// The budget that is smaller than `bytes`.
    pub async fn wait(&self, bytes: usize) -> Result<Charge, BudgetOwner> {
        let permits = |bytes| u32::try_from(bytes).unwrap_or(u32::MAX);
        let mut taken: Vec<SemaphorePermit<'_>> = Vec::with_capacity(self.0.counts.len());
        for (whose, count) in &self.0.counts {
            if bytes > count.most {
                return Err(*whose);
            }
            // The semaphores are never closed.
            taken.push(count.free.acquire_many(permits(bytes)).await.map_err(|_| *whose)?);
        }
        taken.into_iter().for_each(SemaphorePermit::forget);
        Ok(Charge { purse: self.clone(), bytes: permits(bytes) })
    }
}

impl Charge {
    /// Number of bytes counted.
    pub fn bytes(&self) -> usize {
        self.bytes as usize
    }

    /// Grows to `bytes` if it counts fewer.
    ///
    /// # Errors
    /// The budget that is used up; then the charge is unchanged.
    pub fn cover(&mut self, bytes: usize) -> Result<(), BudgetOwner> {
        let bytes = u32::try_from(bytes).map_err(|_| BudgetOwner::All)?;
        let Some(more) = bytes.checked_sub(self.bytes).filter(|more| *more > 0) else { return Ok(()) };
        let counts = &self.purse.0.counts;
        for (index, (whose, count)) in counts.iter().enumerate() {
            match count.free.try_acquire_many(more) {
                Ok(permit) => permit.forget(),
                Err(_) => {
                    give_back(&counts[..index], more);
                    return Err(*whose);
                }
            }
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Adds the bytes of another charge of the same purse.
    pub fn join(&mut self, mut other: Self) {
        self.bytes = self.bytes.saturating_add(std::mem::take(&mut other.bytes));
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        give_back(&self.purse.0.counts, self.bytes);
    }
}

fn give_back(counts: &[(BudgetOwner, Count)], bytes: u32) {
    for (_, count) in counts.iter().filter(|_| bytes > 0) {
        count.free.add_permits(bytes as usize);
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let mut owners = self.budget.0.owners();
        for key in &self.keys {
            match owners.get_mut(key) {
                Some((_, purses)) if *purses > 1 => *purses -= 1,
                _ => {
                    owners.remove(key);
                }
            }
        }
    }
}

impl fmt::Debug for Owned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Purse").field("counts", &self.counts).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, BudgetOwner};
    use crate::config::Memory;
    use futures::FutureExt;
    use std::net::IpAddr;
    use uuid::Uuid;

    const MB: usize = 1 << 20;
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn budget() -> Budget {
        let (in_flight_mb, in_flight_per_address_mb, in_flight_per_account_mb) = (6, 4, 2);
        Budget::new(&Memory { in_flight_mb, in_flight_per_address_mb, in_flight_per_account_mb })
    }

    fn person(number: u128) -> Option<Uuid> {
        Some(Uuid::from_u128(number))
    }

    #[test]
    fn charge_over_the_account_address_or_process_budget_is_refused() {
        let budget = budget();
        let anna = budget.purse(person(1), HERE).charge(2 * MB).unwrap();
        assert_eq!(budget.purse(person(1), THERE).charge(1).unwrap_err(), BudgetOwner::Account);
        let boris = budget.purse(person(2), HERE).charge(2 * MB).unwrap();
        assert_eq!(budget.purse(None, HERE).charge(1).unwrap_err(), BudgetOwner::Address);
        let _nobody = budget.purse(None, THERE).charge(2 * MB).unwrap();
        assert_eq!(budget.purse(person(3), [192, 0, 2, 2].into()).charge(1).unwrap_err(), BudgetOwner::All);
        assert_eq!(budget.in_flight(), 6 * MB, "what is refused is not counted");
        drop((anna, boris));
        assert_eq!(budget.in_flight(), 2 * MB);
        let _anna = budget.purse(person(1), HERE).charge(2 * MB).unwrap();
    }

    #[test]
    fn charge_grows_and_is_freed_whole_on_drop() {
        let budget = budget();
        let purse = budget.purse(person(1), HERE);
        let mut charge = purse.charge(MB).unwrap();
        charge.cover(MB / 2).unwrap();
        assert_eq!(charge.bytes(), MB, "it covers that already");
        charge.cover(2 * MB).unwrap();
        assert_eq!(charge.cover(2 * MB + 1), Err(BudgetOwner::Account));
        assert_eq!((charge.bytes(), budget.in_flight()), (2 * MB, 2 * MB));
        drop(charge);
        let mut one = purse.charge(MB).unwrap();
        one.join(purse.charge(MB).unwrap());
        assert_eq!((one.bytes(), budget.in_flight()), (2 * MB, 2 * MB));
        drop(one);
        assert_eq!(budget.in_flight(), 0);
    }

    #[test]
    fn waiting_charge_is_counted_only_when_there_is_room() {
        let budget = budget();
        let purse = budget.purse(person(1), HERE);
        let held = purse.charge(2 * MB).unwrap();
        let mut waiting = Box::pin(purse.wait(MB));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert_eq!(budget.in_flight(), 2 * MB);
        drop(held);
        let charge = waiting.now_or_never().unwrap().unwrap();
        assert_eq!((charge.bytes(), budget.in_flight()), (MB, MB));
        let given_up = Box::pin(purse.wait(2 * MB));
        drop(given_up);
        drop(charge);
        assert_eq!(budget.in_flight(), 0);
        assert_eq!(purse.wait(2 * MB + 1).now_or_never().unwrap().unwrap_err(), BudgetOwner::Account);
    }

    #[test]
    fn owner_without_bytes_in_flight_is_forgotten() {
        let budget = budget();
        let (first, second) = (budget.purse(person(1), HERE), budget.purse(person(1), THERE));
        let charge = first.charge(1).unwrap();
        drop(first);
        assert_eq!(budget.0.owners().len(), 3, "a charge keeps its purse");
        drop(charge);
        assert_eq!(budget.0.owners().len(), 2);
        drop(second);
        assert_eq!(budget.0.owners().len(), 0);
    }

    #[test]
    fn unlimited_budget_counts_nothing() {
        let budget = Budget::unlimited();
        let _charge = budget.purse(person(1), HERE).charge(usize::try_from(u32::MAX).unwrap()).unwrap();
        assert_eq!((budget.in_flight(), budget.0.owners().len()), (0, 0));
    }
}
