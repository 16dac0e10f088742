//! Data keys in memory.

use super::{DataKey, KeyState, KeyringError, Keys};
use events::Subject;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Data keys in memory.
#[derive(Clone, Default)]
pub struct MemoryKeyring(Arc<Mutex<BTreeMap<Subject, KeyState>>>);

impl MemoryKeyring {
    pub(super) fn ensure(&self, subjects: &[Subject]) -> Result<Keys, KeyringError> {
        let mut stored = self.lock();
        for subject in subjects {
            if let Some(KeyState::Destroyed) = stored.get(subject) {
                return Err(KeyringError::Destroyed(*subject));
            }
        }
        let mut keys = Keys::default();
        for subject in subjects {
            let state = match stored.get(subject) {
                Some(state) => state.clone(),
                None => KeyState::Live(DataKey::random()?),
            };
            stored.insert(*subject, state.clone());
            keys.insert(*subject, state);
        }
        Ok(keys)
    }

    pub(super) fn get(&self, subjects: &[Subject]) -> Keys {
        let stored = self.lock();
        let mut keys = Keys::default();
        for subject in subjects {
            if let Some(state) = stored.get(subject) {
                keys.insert(*subject, state.clone());
            }
        }
        keys
    }

    pub(super) fn all(&self) -> BTreeMap<Subject, bool> {
        let destroyed = |state: &KeyState| matches!(state, KeyState::Destroyed);
        self.lock().iter().map(|(subject, state)| (*subject, destroyed(state))).collect()
    }

    pub(super) fn destroy(&self, subject: &Subject) {
        self.lock().insert(*subject, KeyState::Destroyed);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Subject, KeyState>> {
        // Every change is one insertion, so a panic elsewhere leaves a consistent map.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
