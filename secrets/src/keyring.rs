//! Data keys: one for each person and team, kept outside the log, so that erasing somebody is destroying a key.
//!
//! A key is made before the first event that needs it is appended, and is durable by then: an event whose key was lost
//! would be lost too. Keys are stored wrapped, see [`crate::wrapping`]. A destroyed key leaves its row without the key, so that it is
//! told from a missing one: the first means erased, the second that the keyring does not belong to this log.

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

/// Why the keyring has no answer.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// A key is wanted for somebody who was erased: nothing can be written about them any more.
    #[error("the key of {0} was destroyed")]
    Destroyed(Subject),
    /// A stored key does not open under this master key.
    #[error("the key of {0} does not open: {1}")]
    Unreadable(Subject, VaultError),
    /// No new key can be made.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database failed; trying again is safe.
    #[error("the keyring's database: {0}")]
    Database(#[from] sqlx::Error),
}

/// Where data keys are kept. Cheap to clone.
#[derive(Clone)]
pub enum Keyring {
    /// In this process; lost with it.
    Memory(MemoryKeyring),
    /// In the schema `keys` of a Postgres database.
    Postgres(PostgresKeyring),
}

impl Keyring {
    /// A keyring that lives as long as its process.
    pub fn memory() -> Self {
        Self::Memory(MemoryKeyring::default())
    }

    /// A keyring in a migrated database, see [`Self::migrate`]. Its keys are wrapped by `wrapping`, or by a vault.
    pub fn postgres(pool: PgPool, wrapping: impl Into<Wrapping>) -> Self {
        Self::Postgres(PostgresKeyring::new(pool, wrapping.into()))
    }

    /// Creates or updates the schema `keys`; safe to run from many processes at once, and again.
    ///
    /// # Errors
    /// [`KeyringError::Database`].
    pub async fn migrate(pool: &PgPool) -> Result<(), KeyringError> {
        postgres::migrate(pool).await
    }

    /// The keys of all these subjects, made durably where there were none.
    ///
    /// # Errors
    /// [`KeyringError::Destroyed`] for a subject that was erased; then none is made.
    pub async fn ensure(&self, subjects: &[Subject]) -> Result<Keys, KeyringError> {
        match self {
            Self::Memory(keyring) => keyring.ensure(subjects),
            Self::Postgres(keyring) => keyring.ensure(subjects).await,
        }
    }

    /// As [`Self::ensure`] for one subject, with the same work whether it had a key or gets its first: for calls whose
    /// duration must not tell who is known here.
    ///
    /// # Errors
    /// As [`Self::ensure`].
    pub async fn ensure_evenly(&self, subject: Subject) -> Result<(), KeyringError> {
        match self {
            Self::Memory(keyring) => keyring.ensure(&[subject]).map(drop),
            Self::Postgres(keyring) => keyring.ensure_evenly(subject).await,
        }
    }

    /// What is known of these subjects' keys; subjects that never had one are absent.
    ///
    /// # Errors
    /// [`KeyringError::Database`] or [`KeyringError::Unreadable`].
    pub async fn get(&self, subjects: &[Subject]) -> Result<Keys, KeyringError> {
        match self {
            Self::Memory(keyring) => Ok(keyring.get(subjects)),
            Self::Postgres(keyring) => keyring.get(subjects).await,
        }
    }

    /// Destroys a subject's key for ever: what it sealed cannot be read again. Repeating it changes nothing. Answers how
    /// long ago it was destroyed first, for those who wait until all have heard of it.
    ///
    /// Other processes notice within the life of their caches (10 minutes), or sooner by [`Self::destroyed_lately`].
    /// Backups of the key table must be let expire for the erasure to be complete.
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

    /// Subjects whose keys were destroyed so lately that a process may still remember them.
    ///
    /// # Errors
    /// [`KeyringError::Database`].
    pub async fn destroyed_lately(&self) -> Result<BTreeSet<Subject>, KeyringError> {
        match self {
            Self::Memory(_) => Ok(BTreeSet::new()),
            Self::Postgres(keyring) => keyring.destroyed_lately().await,
        }
    }

    /// Every subject that has or had a key, and whether the key was destroyed.
    ///
    /// # Errors
    /// [`KeyringError::Database`].
    pub async fn all(&self) -> Result<BTreeMap<Subject, bool>, KeyringError> {
        match self {
            Self::Memory(keyring) => Ok(keyring.all()),
            Self::Postgres(keyring) => keyring.all().await,
        }
    }

    /// Takes up wrapping keys that were changed since.
    ///
    /// # Errors
    /// [`KeyringError::Vault`]; then those known before stay in force.
    pub fn reload_wrapping(&self) -> Result<(), KeyringError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Postgres(keyring) => Ok(keyring.reload_wrapping()?),
        }
    }

    /// How many keys are not wrapped by the wrapping key in force.
    ///
    /// # Errors
    /// [`KeyringError::Database`].
    pub async fn wrapped_before(&self) -> Result<u64, KeyringError> {
        match self {
            Self::Memory(_) => Ok(0),
            Self::Postgres(keyring) => keyring.wrapped_before().await,
        }
    }

    /// Wraps some of those keys anew, at most `most`; answers how many. Whoever uses them meanwhile notices nothing.
    ///
    /// # Errors
    /// [`KeyringError::Database`]; [`KeyringError::Unreadable`] when one is wrapped by a key that is not there.
    pub async fn rewrap(&self, most: u32) -> Result<u64, KeyringError> {
        match self {
            Self::Memory(_) => Ok(0),
            Self::Postgres(keyring) => keyring.rewrap(most).await,
        }
    }

    /// Drops what this process remembers of a subject's key: for a process that learns of an erasure elsewhere.
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

/// Keys by subject, as [`Keyring::get`] found them.
#[derive(Clone, Debug, Default)]
pub struct Keys(BTreeMap<Subject, KeyState>);

impl Keys {
    /// What is known of a subject's key; nothing if it never had one.
    pub fn of(&self, subject: &Subject) -> Option<&KeyState> {
        self.0.get(subject)
    }

    pub(crate) fn insert(&mut self, subject: Subject, state: KeyState) {
        self.0.insert(subject, state);
    }
}

/// A subject's key, as long as it has one.
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

    /// The key of what belongs to two: made of both of theirs, so that it is lost with either.
    pub(crate) fn together_with(&self, other: &Self) -> Self {
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(self.0.as_ref());
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        mac.update(b"veche: together with ");
        mac.update(other.0.as_ref());
        Self(Zeroizing::new(mac.finalize().into_bytes().into()))
    }

    /// Seals bytes that open only with the same version and `context`.
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

/// Binds a wrapped key to its row: a key moved to another subject's row does not open.
fn wrapping_context(subject: &Subject) -> String {
    format!("data-key:{subject}")
}

#[cfg(test)]
mod tests;
