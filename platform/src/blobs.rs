//! Blobs: pictures and files by id, whole and immutable, each with a few named renditions.

mod disk;

use bytes::Bytes;
use disk::DiskBlobs;
use events::BlobId;
use std::{io, path::PathBuf};

/// Why a blob was not stored or found.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// Names are 1 to 32 of `a-z`, `0-9` and inner dots, such as `256.jpg`.
    #[error("{0:?} is no name of a blob's rendition")]
    BadName(String),
    /// The storage failed; trying again is safe.
    #[error("blob storage: {0}")]
    Storage(#[from] io::Error),
}

/// Where blobs are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Blobs {
    /// In a folder.
    Disk(DiskBlobs),
}

impl Blobs {
    /// Blobs in a folder, which is created where it is missing.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn disk(folder: PathBuf) -> Result<Self, BlobError> {
        DiskBlobs::open(folder).await.map(Self::Disk)
    }

    /// Stores one rendition, durably and at once: readers see it whole or not at all. Storing again replaces.
    ///
    /// # Errors
    /// Any [`BlobError`].
    pub async fn put(&self, id: BlobId, name: &str, bytes: Bytes) -> Result<(), BlobError> {
        let name = checked(name)?;
        match self {
            Self::Disk(disk) => disk.put(id, name, bytes).await,
        }
    }

    /// One rendition, or nothing.
    ///
    /// # Errors
    /// Any [`BlobError`].
    pub async fn get(&self, id: BlobId, name: &str) -> Result<Option<Bytes>, BlobError> {
        let name = checked(name)?;
        match self {
            Self::Disk(disk) => disk.get(id, name).await,
        }
    }

    /// Removes a blob with all its renditions; a missing one is no error.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn delete(&self, id: BlobId) -> Result<(), BlobError> {
        match self {
            Self::Disk(disk) => disk.delete(id).await,
        }
    }
}

/// Names reach us from addresses too: nothing that could be a path gets through.
fn checked(name: &str) -> Result<&str, BlobError> {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.');
    let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    if plain && !dots && (1..=32).contains(&name.len()) {
        Ok(name)
    } else {
        Err(BlobError::BadName(name.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests;
