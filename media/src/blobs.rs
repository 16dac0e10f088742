//! Blob storage: immutable pictures and files by id, each with a few named renditions.
//!
//! Small blobs are stored and read whole; files are received and sent piece by piece, never whole in memory. A blob
//! that the log may not reference yet is *marked* until it does, so that a crash in between leaves nothing forever:
//! the blob GC asks the log about marks that are old enough.

mod disk;

use crate::clean::{CleanError, Format, Outcome};
use bytes::Bytes;
use disk::{DiskBlobs, DiskContent, DiskIncoming};
use events::BlobId;
use futures::Stream;
use std::{io, ops::Range, path::PathBuf, time::Duration};

/// Why a blob could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// A name must be 1 to 32 characters of `a-z`, `0-9` and inner dots, such as `256.jpg`.
    #[error("{0:?} is not the name of a rendition")]
    BadName(String),
    /// The storage failed; the call can be retried.
    #[error("blob storage: {0}")]
    Storage(#[from] io::Error),
}

/// Blob storage. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Blobs {
    /// In a folder.
    Disk(DiskBlobs),
}

impl Blobs {
    /// Blobs in a folder, which is created if it is missing.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn disk(folder: PathBuf) -> Result<Self, BlobError> {
        DiskBlobs::open(folder).await.map(Self::Disk)
    }

    /// Stores a rendition durably and atomically; replaces an existing one.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn put(&self, id: BlobId, name: &str, bytes: Bytes) -> Result<(), BlobError> {
        let name = checked(name)?;
        match self {
            Self::Disk(disk) => disk.put(id, name, bytes).await,
        }
    }

    /// Reads a rendition; `None` if it does not exist.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn get(&self, id: BlobId, name: &str) -> Result<Option<Bytes>, BlobError> {
        let name = checked(name)?;
        match self {
            Self::Disk(disk) => disk.get(id, name).await,
        }
    }

    /// Deletes a blob with all its renditions; a missing one is not an error.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn delete(&self, id: BlobId) -> Result<(), BlobError> {
        match self {
            Self::Disk(disk) => disk.delete(id).await,
        }
    }
}

impl Blobs {
    /// Begins to receive a file.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn receive(&self) -> Result<Incoming, BlobError> {
        match self {
            Self::Disk(disk) => Ok(Incoming::Disk(disk.receive().await?)),
        }
    }

    /// Opens a rendition to read it in pieces; `None` if it does not exist.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn open(&self, id: BlobId, name: &str) -> Result<Option<Content>, BlobError> {
        let name = checked(name)?;
        match self {
            Self::Disk(disk) => Ok(disk.content(id, name).await?.map(Content::Disk)),
        }
    }

    /// Marks a blob that the log may not reference: before it is stored, or before its last reference is removed.
    /// `about` is stored with the mark.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn mark(&self, id: BlobId, about: &str) -> Result<(), BlobError> {
        match self {
            Self::Disk(disk) => disk.mark(id, about).await,
        }
    }

    /// Removes the mark: the log references the blob, or the blob is deleted.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn unmark(&self, id: BlobId) -> Result<(), BlobError> {
        match self {
            Self::Disk(disk) => disk.unmark(id).await,
        }
    }

    /// Blobs with a mark older than `age`, with what was stored about them.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn marked(&self, age: Duration) -> Result<Vec<(BlobId, String)>, BlobError> {
        match self {
            Self::Disk(disk) => disk.marked(age).await,
        }
    }

    /// Removes temporary files that a crash left.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn sweep(&self) -> Result<(), BlobError> {
        match self {
            Self::Disk(disk) => disk.sweep().await,
        }
    }
}

/// A file that is being received. Dropping it before [`Self::keep`] deletes it.
#[derive(Debug)]
pub enum Incoming {
    /// Into a folder.
    Disk(DiskIncoming),
}

impl Incoming {
    /// Appends a piece.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn write(&mut self, piece: &[u8]) -> Result<(), BlobError> {
        match self {
            Self::Disk(incoming) => incoming.write(piece).await,
        }
    }

    /// Removes metadata from a file of this format. Returns the clean file, the outcome and the size in bytes.
    ///
    /// # Errors
    /// [`CleanError`].
    pub async fn clean(self, format: Format) -> Result<(Self, Outcome, u64), CleanError> {
        match self {
            Self::Disk(incoming) => {
                let (incoming, outcome, size) = incoming.clean(format).await?;
                Ok((Self::Disk(incoming), outcome, size))
            }
        }
    }

    /// Whether the file contains picture metadata.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn hides_metadata(&mut self) -> Result<bool, BlobError> {
        match self {
            Self::Disk(incoming) => incoming.hides_metadata().await,
        }
    }

    /// Reads the whole file into memory and deletes it; for small files only.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn into_bytes(self) -> Result<Bytes, BlobError> {
        match self {
            Self::Disk(incoming) => incoming.into_bytes().await,
        }
    }

    /// Stores the file as a rendition, durably and atomically.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn keep(self, id: BlobId, name: &str) -> Result<(), BlobError> {
        let name = checked(name)?;
        match self {
            Self::Disk(incoming) => incoming.keep(id, name).await,
        }
    }
}

/// A rendition opened for reading.
#[derive(Debug)]
pub enum Content {
    /// From a folder.
    Disk(DiskContent),
}

impl Content {
    /// Size in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Disk(content) => content.size,
        }
    }

    /// The bytes of a range, in pieces. The range is cut at the end of the file.
    pub fn pieces(self, range: Range<u64>) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        match self {
            Self::Disk(content) => content.pieces(range),
        }
    }
}

/// Names also come from URLs: nothing that could be a path is accepted.
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
