//! Wrapping keys, which wrap the data keys: a current one, and earlier ones that still unwrap, so that the current
//! one can be rotated while the product runs.
//!
//! They are in a file, one per line, the current one first. Processes need no notification of a change: they reload
//! the file every few seconds, and at once when they meet an unknown key. Without a file the master key wraps.

use crate::vault::{
    Vault, VaultError,
    cipher::{Cipher, Version},
};
use sha2::{Digest, Sha256};
use std::{
    fmt,
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};
use zeroize::Zeroizing;

/// Prefix of a text that a key of the file wrapped; the key's name and a colon follow.
const PREFIX: &str = "w:";

/// Wraps and unwraps data keys. Cheap to clone.
#[derive(Clone)]
pub struct Wrapping(Arc<Inner>);

struct Inner {
    master: Vault,
    file: Option<PathBuf>,
    ring: RwLock<Vec<Named>>,
}

/// A key of the file.
struct Named {
    name: String,
    cipher: Cipher,
}

impl From<Vault> for Wrapping {
    /// Wraps with the master key.
    fn from(master: Vault) -> Self {
        Self(Arc::new(Inner { master, file: None, ring: RwLock::default() }))
    }
}

impl Wrapping {
    /// Wraps with the first key of a file; all its keys and the master key unwrap.
    ///
    /// # Errors
    /// [`VaultError`] if the file cannot be read, or a line is not a key.
    pub fn from_file(master: Vault, file: &Path) -> Result<Self, VaultError> {
        let ring = RwLock::new(read(file)?);
        Ok(Self(Arc::new(Inner { master, file: Some(file.to_owned()), ring })))
    }

    /// Reloads the file.
    ///
    /// # Errors
    /// [`VaultError`] if the file cannot be read, or a line is not a key; then the previous keys stay.
    pub fn reload(&self) -> Result<(), VaultError> {
        if let Some(file) = &self.0.file {
            let keys = read(file)?;
            *self.0.ring.write().unwrap_or_else(PoisonError::into_inner) = keys;
        }
        Ok(())
    }

    /// Prefix of texts wrapped by the current key.
    pub fn in_force(&self) -> String {
        let ring = self.0.ring.read().unwrap_or_else(PoisonError::into_inner);
        ring.first().map_or_else(|| "v1.".to_owned(), Named::prefix)
    }

    pub(crate) fn wrap(&self, plain: &[u8], context: &[u8]) -> Result<String, VaultError> {
        let ring = self.0.ring.read().unwrap_or_else(PoisonError::into_inner);
        match ring.first() {
            Some(named) => {
                Ok(format!("{}{}", named.prefix(), named.cipher.seal(Version::V1, plain, context)?))
            }
            None => self.0.master.wrap(plain, context),
        }
    }

    pub(crate) fn open(&self, wrapped: &str, context: &[u8]) -> Result<Vec<u8>, VaultError> {
        match self.try_open(wrapped, context) {
            Err(VaultError::UnknownKey) if self.0.file.is_some() => {
                self.reload()?;
                self.try_open(wrapped, context)
            }
            outcome => outcome,
        }
    }

    fn try_open(&self, wrapped: &str, context: &[u8]) -> Result<Vec<u8>, VaultError> {
        let Some(named) = wrapped.strip_prefix(PREFIX) else {
            return self.0.master.unwrap(wrapped, context);
        };
        let (name, sealed) = named.split_once(':').ok_or(VaultError::Malformed)?;
        let ring = self.0.ring.read().unwrap_or_else(PoisonError::into_inner);
        let key = ring.iter().find(|key| key.name == name).ok_or(VaultError::UnknownKey)?;
        key.cipher.open(Version::V1, sealed, context)
    }
}

impl fmt::Debug for Wrapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wrapping(…)")
    }
}

impl Named {
    fn of(digits: &str) -> Result<Self, VaultError> {
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits, key.as_mut()).map_err(|_| VaultError::BadKey)?;
        let name = Sha256::new().chain_update(b"veche: name of a wrapping key").chain_update(*key).finalize();
        Ok(Self { name: hex::encode(&name[..4]), cipher: Cipher::new(&key) })
    }

    fn prefix(&self) -> String {
        format!("{PREFIX}{}:", self.name)
    }
}

/// Prepends a new key to the file, or creates the file. Readers see the old file or the new one.
///
/// # Errors
/// [`VaultError`] if the file cannot be read or written, if a line is not a key, or while another process adds one.
pub fn add_key(file: &Path) -> Result<(), VaultError> {
    let beside = file.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    // The process that creates it has the lock: neither of two concurrent keys may get lost.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let new = options.open(&beside)?;
    let added = write_on_top(file, &beside, new);
    if added.is_err() {
        // A leftover would lock everybody out.
        let _ = std::fs::remove_file(&beside);
    }
    added
}

#[expect(clippy::disallowed_methods, reason = "makes a key")]
fn write_on_top(file: &Path, beside: &Path, mut new: std::fs::File) -> Result<(), VaultError> {
    let before = match std::fs::read_to_string(file) {
        Ok(before) => Zeroizing::new(before),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Zeroizing::default(),
        Err(error) => return Err(error.into()),
    };
    let mut key = Zeroizing::new([0_u8; 32]);
    getrandom::fill(key.as_mut())?;
    let digits = Zeroizing::new(hex::encode(key.as_ref()));
    new.write_all(format!("{}\n{}", *digits, *before).as_bytes())?;
    new.sync_all()?;
    read(beside)?;
    std::fs::rename(beside, file)?;
    // Data keys wrapped with it are durable at once, so the file name must be durable too.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(std::fs::File::open(folder)?.sync_all()?)
}

fn read(file: &Path) -> Result<Vec<Named>, VaultError> {
    let text = Zeroizing::new(std::fs::read_to_string(file)?);
    let keys = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Named::of);
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() { Err(VaultError::BadKey) } else { Ok(keys) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_key_wraps_earlier_keys_unwrap_and_removed_keys_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wrapping.keys");
        let master = Vault::new(&[7; 32]);
        let oldest = Wrapping::from(master.clone()).wrap(b"zero", b"here").unwrap();
        add_key(&file).unwrap();
        let wrapping = Wrapping::from_file(master.clone(), &file).unwrap();
        let older = wrapping.wrap(b"one", b"here").unwrap();
        assert!(older.starts_with(&wrapping.in_force()));
        add_key(&file).unwrap();
        let elsewhere = Wrapping::from_file(master, &file).unwrap();
        let newer = elsewhere.wrap(b"two", b"here").unwrap();
        assert!(!older.starts_with(&elsewhere.in_force()));
        assert_eq!(wrapping.open(&newer, b"here").unwrap(), b"two", "the file is read again");
        assert_eq!(wrapping.open(&older, b"here").unwrap(), b"one");
        assert_eq!(wrapping.open(&oldest, b"here").unwrap(), b"zero");
        assert!(matches!(wrapping.open(&newer, b"there"), Err(VaultError::Tampered)));
        let keys = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, keys.lines().next().unwrap()).unwrap();
        wrapping.reload().unwrap();
        assert!(matches!(wrapping.open(&older, b"here"), Err(VaultError::UnknownKey)));
        assert_eq!(wrapping.open(&newer, b"here").unwrap(), b"two");
    }

    #[test]
    fn damaged_file_keeps_the_previous_keys() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wrapping.keys");
        add_key(&file).unwrap();
        let wrapping = Wrapping::from_file(Vault::new(&[7; 32]), &file).unwrap();
        let before = wrapping.in_force();
        for nonsense in ["", "nonsense"] {
            std::fs::write(&file, nonsense).unwrap();
            assert!(wrapping.reload().is_err());
        }
        assert_eq!(wrapping.in_force(), before);
    }
}
