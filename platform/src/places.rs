//! Room for so many at once: in this process, and of one account, so that nobody takes all of it. A fair room lets an account
//! have fewer places as it fills up: a few accounts never shut out the others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use uuid::Uuid;

/// See the file's head. Cheap to clone: clones are one room.
#[derive(Clone, Debug)]
pub struct Places(Arc<Room>);

#[derive(Debug)]
struct Room {
    at_most: usize,
    of_one_account: usize,
    fair: bool,
    taken: Mutex<HashMap<Uuid, usize>>,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    room: Arc<Room>,
    account: Uuid,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The account has as many as one may have.
    OfTheAccount,
    /// All together have as many as there are, or so many that what is left is for others.
    Altogether,
}

impl Places {
    /// Room for so many, of whom so many may be of one account.
    pub fn new(at_most: usize, of_one_account: usize) -> Self {
        Self::with(at_most, of_one_account, false)
    }

    /// A fair room of this size.
    pub fn fair(at_most: usize, of_one_account: usize) -> Self {
        Self::with(at_most, of_one_account, true)
    }

    fn with(at_most: usize, of_one_account: usize, fair: bool) -> Self {
        Self(Arc::new(Room { at_most, of_one_account, fair, taken: Mutex::default() }))
    }

    /// Takes a place for an account.
    ///
    /// # Errors
    /// [`Full`]; what concerns the account is said first.
    pub fn take(&self, account: Uuid) -> Result<Place, Full> {
        let mut taken = self.0.taken();
        let own = taken.get(&account).copied().unwrap_or_default();
        if own >= self.0.of_one_account {
            return Err(Full::OfTheAccount);
        }
        let free = self.0.at_most.saturating_sub(taken.values().sum());
        if free == 0 || (self.0.fair && own >= self.0.share(free)) {
            return Err(Full::Altogether);
        }
        taken.insert(account, own + 1);
        Ok(Place { room: self.0.clone(), account })
    }
}

impl Room {
    /// How many an account may have when so many places are free: all of its own while half of the room is, then fewer, and
    /// one to the last.
    fn share(&self, free: usize) -> usize {
        let share = self.of_one_account * 2 * free / self.at_most.max(1);
        share.clamp(1, self.of_one_account.max(1))
    }

    /// The map is whole at every moment: a panic elsewhere leaves nothing half done in it.
    fn taken(&self) -> MutexGuard<'_, HashMap<Uuid, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.room.taken();
        if let Some(own) = taken.get_mut(&self.account) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Full, Places};
    use uuid::Uuid;

    #[test]
    fn an_account_has_so_many_and_all_together_so_many() {
        let (anna, boris, clara) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let places = Places::new(3, 2);
        let first = places.take(anna).unwrap();
        let _second = places.take(anna).unwrap();
        assert_eq!(places.take(anna).unwrap_err(), Full::OfTheAccount);
        let third = places.take(boris).unwrap();
        assert_eq!(places.take(clara).unwrap_err(), Full::Altogether);
        assert_eq!(places.take(anna).unwrap_err(), Full::OfTheAccount);
        drop(first);
        let _again = places.clone().take(anna).unwrap();
        drop(third);
        let _fourth = places.take(clara).unwrap();
        assert_eq!(places.0.taken().len(), 2, "who has none is not remembered");
    }

    #[test]
    fn a_few_accounts_that_take_all_they_get_leave_room_for_others() {
        let places = Places::fair(64, 8);
        let mut held = vec![];
        let mut greedy = |account: u128| {
            while let Ok(place) = places.take(Uuid::from_u128(account)) {
                held.push(place);
            }
        };
        (1..=8).for_each(&mut greedy);
        let of_first = places.0.taken().get(&Uuid::from_u128(1)).copied();
        assert_eq!(of_first, Some(8), "alone, an account has all of its own");
        let others: Vec<_> = (100..108).map(|account| places.take(Uuid::from_u128(account))).collect();
        assert!(
            others.iter().all(Result::is_ok),
            "eight accounts that take all they get leave room for eight others"
        );
        assert_eq!(places.take(Uuid::from_u128(8)).unwrap_err(), Full::Altogether);
    }
}
