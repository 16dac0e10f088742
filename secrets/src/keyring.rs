//! Data keys, one per person and team, kept outside the log: erasing somebody means destroying a key.
//!
//! A key is durable before the first event that needs it is appended: an event whose key is lost would be lost too.
//! Keys are stored wrapped, see [`crate::wrapping`]. A destroyed key leaves its row without the key, which
//! distinguishes it from a missing one: the first means erased, the second that the keyring does not belong to this
//! log.

mod memory;
mod postgres;

use crate::{
    vault::{
        VaultError,
        cipher::{Cipher, Version},
    },
    wrapping::Wrapping,
};
use events::Subject;
use hmac::{Hmac, KeyInit, Mac};
use memory::MemoryKeyring;
use postgres::PostgresKeyring;
use sha2::Sha256;
use sqlx::PgPool;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};
use zeroize::Zeroizing;

/// Why the keyring failed.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The subject was erased: no key may be made, and nothing can be written about it.
    #[error("the key of {0} was destroyed")]
    Destroyed(Subject),
    /// A stored key does not unwrap under this master key.
    #[error("the key of {0} does not open: {1}")]
    Unreadable(Subject, VaultError),
    /// A key could not be made or wrapped.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database failed; the call can be retried.
    #[error("the keyring's database: {0}")]
    Database(#[from] sqlx::Error),
}

/// Storage of data keys. Cheap to clone.
#[derive(Clone)]
pub enum Keyring {
    /// In memory, for tests.
    Memory(MemoryKeyring),
    /// In the schema `keys` of a Postgres database.
    Postgres(PostgresKeyring),
}

impl Keyring {
    /// A keyring in memory.
    pub fn memory() -> Self {
        Self::Memory(MemoryKeyring::default())
    }

    /// A keyring in a migrated database, see [`Self::migrate`]. `wrapping`, or a vault, wraps its keys.
    pub fn postgres(pool: PgPool, wrapping: impl Into<Wrapping>) -> Self {
        Self::Postgres(PostgresKeyring::new(pool, wrapping.into()))
    }

    /// Creates or updates the schema `keys`; repeatable, and safe in many processes at once.
    ///
    /// # Errors
    /// [`KeyringError::Database`].
    pub async fn migrate(pool: &PgPool) -> Result<(), KeyringError> {
        postgres::migrate(pool).await
    }

    /// Returns the keys of all subjects, and durably creates missing ones.
    ///
    /// # Errors
    /// [`KeyringError::Destroyed`] for an erased subject; then no key is created.
    pub async fn ensure(&self, subjects: &[Subject]) -> Result<Keys, KeyringError> {
        match self {
            Self::Memory(keyring) => keyring.ensure(subjects),
            Self::Postgres(keyring) => keyring.ensure(subjects).await,
        }
    }

    /// Ensures the key of one subject like [`Self::ensure`], with the same work whether it exists or not: for calls
    /// whose duration must not reveal who is known.
    ///
    /// # Errors
    /// [`KeyringError::Destroyed`] for an erased subject.
    pub async fn ensure_evenly(&self, subject: Subject) -> Result<(), KeyringError> {
        match self {
            Self::Memory(keyring) => keyring.ensure(&[subject]).map(drop),
            Self::Postgres(keyring) => keyring.ensure_evenly(subject).await,
        }
    }

    /// Returns the keys of subjects; subjects that never had one are absent.
    ///
    /// # Errors
    /// [`KeyringError::Database`] or [`KeyringError::Unreadable`].
    pub async fn get(&self, subjects: &[Subject]) -> Result<Keys, KeyringError> {
        match self {
            Self::Memory(keyring) => Ok(keyring.get(subjects)),
            Self::Postgres(keyring) => keyring.get(subjects).await,
        }
    }

    /// Destroys a subject's key for good: what it sealed cannot be read again. Repeatable. Returns how long ago the
    /// key was destroyed first, for callers that wait until all processes have noticed.
    ///
    /// Other processes notice when their caches expire (10 minutes), or sooner by [`Self::destroyed_lately`]. The
    /// erasure is complete when backups of the key table have expired.
    ///
    /// # Errors
    /// [`KeyringError::Database`].
    pub async fn destroy(&self, subject: &Subject) -> Result<Duration, KeyringError> {
        match self {
            Self::Memory(keyring) => {
                keyring.destroy(subject);
                Ok(Duration::MAX) // nobody else holds it
            }
            Self::Postgres(keyring) => keyring.destroy(subject).await,
        }
    }

    /// Subjects whose keys were destroyed recently enough to be in the cache of a process.
    ///
    /// # Errors
    /// [`KeyringError::Database`].
    pub async fn destroyed_lately(&self) -> Result<BTreeSet<Subject>, KeyringError> {
        match self {
            Self::Memory(_) => Ok(BTreeSet::new()),
            Self::Postgres(keyring) => keyring.destroyed_lately().await,
        }
    }

    /// All subjects that have or had a key; `true` if it was destroyed.
    ///
    /// # Errors
    /// [`KeyringError::Database`].
    pub async fn all(&self) -> Result<BTreeMap<Subject, bool>, KeyringError> {
        match self {
            Self::Memory(keyring) => Ok(keyring.all()),
            Self::Postgres(keyring) => keyring.all().await,
        }
    }

    /// Reloads wrapping keys that changed.
    ///
    /// # Errors
    /// [`KeyringError::Vault`]; then the previous keys stay in use.
    pub fn reload_wrapping(&self) -> Result<(), KeyringError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Postgres(keyring) => Ok(keyring.reload_wrapping()?),
        }
    }

    /// Number of keys that are not wrapped by the current wrapping key.
    ///
    /// # Errors
    /// [`KeyringError::Database`].
    pub async fn wrapped_before(&self) -> Result<u64, KeyringError> {
        match self {
            Self::Memory(_) => Ok(0),
            Self::Postgres(keyring) => keyring.wrapped_before().await,
        }
    }

    /// Rewraps up to `most` keys under the current wrapping key while others use them; returns how many.
    ///
    /// # Errors
    /// [`KeyringError::Database`]; [`KeyringError::Unreadable`] if a key is wrapped by an unknown key.
    pub async fn rewrap(&self, most: u32) -> Result<u64, KeyringError> {
        match self {
            Self::Memory(_) => Ok(0),
            Self::Postgres(keyring) => keyring.rewrap(most).await,
        }
    }

    /// Removes a subject's key from the cache, after an erasure by another process.
    pub fn forget_cached(&self, subject: &Subject) {
        match self {
            Self::Memory(_) => {}
            Self::Postgres(keyring) => keyring.forget_cached(subject),
        }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory(_) => "Keyring::Memory",
            Self::Postgres(_) => "Keyring::Postgres",
        })
    }
}

/// Keys by subject.
#[derive(Clone, Debug, Default)]
pub struct Keys(BTreeMap<Subject, KeyState>);

impl Keys {
    /// The key of a subject; `None` if it never had one.
    pub fn of(&self, subject: &Subject) -> Option<&KeyState> {
        self.0.get(subject)
    }

    pub(crate) fn insert(&mut self, subject: Subject, state: KeyState) {
        self.0.insert(subject, state);
    }
}

/// The key of a subject, or its destruction.
#[derive(Clone, Debug)]
pub enum KeyState {
    /// The key.
    Live(DataKey),
    /// The subject was erased.
    Destroyed,
}

/// The key of one person or team.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    #[expect(clippy::disallowed_methods, reason = "makes a key")]
    pub(crate) fn random() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut())?;
        Ok(Self(bytes))
    }

    /// The key of a value that belongs to two subjects: derived from both keys, so it is lost with either.
    pub(crate) fn together_with(&self, other: &Self) -> Self {
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(self.0.as_ref());
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        mac.update(b"veche: together with ");
        mac.update(other.0.as_ref());
        Self(Zeroizing::new(mac.finalize().into_bytes().into()))
    }

    /// Seals bytes; they open only with the same version and `context`.
    pub(crate) fn seal(&self, version: Version, plain: &[u8], context: &[u8]) -> Result<String, VaultError> {
        Cipher::new(&self.0).seal(version, plain, context)
    }

    /// Opens what [`Self::seal`] made.
    pub(crate) fn open(&self, version: Version, sealed: &str, context: &[u8]) -> Result<Vec<u8>, VaultError> {
        Cipher::new(&self.0).open(version, sealed, context)
    }

    fn wrap(&self, subject: &Subject, wrapping: &Wrapping) -> Result<String, VaultError> {
        wrapping.wrap(self.0.as_ref(), wrapping_context(subject).as_bytes())
    }

    fn unwrap(wrapped: &str, subject: &Subject, wrapping: &Wrapping) -> Result<Self, VaultError> {
        let bytes = Zeroizing::new(wrapping.open(wrapped, wrapping_context(subject).as_bytes())?);
        let bytes = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| VaultError::Malformed)?;
        Ok(Self(Zeroizing::new(bytes)))
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// Binds a wrapped key to its row: in another subject's row it does not unwrap.
fn wrapping_context(subject: &Subject) -> String {
    format!("data-key:{subject}")
}

#[cfg(test)]
mod tests;
