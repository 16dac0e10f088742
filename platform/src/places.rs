//! Room for so many at once: in this process, and of one account, so that nobody takes all of it.

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
    /// All together have as many as there are.
    Altogether,
}

impl Places {
    /// Room for so many, of whom so many may be of one account.
    pub fn new(at_most: usize, of_one_account: usize) -> Self {
        Self(Arc::new(Room { at_most, of_one_account, taken: Mutex::default() }))
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
        if taken.values().sum::<usize>() >= self.0.at_most {
            return Err(Full::Altogether);
        }
        taken.insert(account, own + 1);
        Ok(Place { room: self.0.clone(), account })
    }
}

impl Room {
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
}
