//! Blobs: pictures and files by id, whole and immutable, each with a few named renditions.
//!
//! Small ones are put and got at once; files come in and go out piece by piece and are never in memory as a whole. What is
//! stored before the log knows of it is *doubted* until then, so that a crash in between leaves nothing for ever: whoever
//! sweeps asks the log about what is still doubted after a while.

mod disk;

use crate::clean::{CleanError, Format, Outcome};
use bytes::Bytes;
use disk::{DiskBlobs, DiskContent, DiskIncoming};
use events::BlobId;
use futures::Stream;
use std::{io, ops::Range, path::PathBuf, time::Duration};

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

impl Blobs {
    /// Begins a file that comes in piece by piece.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn receive(&self) -> Result<Incoming, BlobError> {
        match self {
            Self::Disk(disk) => Ok(Incoming::Disk(disk.receive().await?)),
        }
    }

    /// Opens one rendition to be read in pieces, or nothing.
    ///
    /// # Errors
    /// Any [`BlobError`].
    pub async fn open(&self, id: BlobId, name: &str) -> Result<Option<Content>, BlobError> {
        let name = checked(name)?;
        match self {
            Self::Disk(disk) => Ok(disk.content(id, name).await?.map(Content::Disk)),
        }
    }

    /// Notes that the log may not know of a blob: before it is stored, or before it is let go. `about` is what the note is
    /// found with later.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn doubt(&self, id: BlobId, about: &str) -> Result<(), BlobError> {
        match self {
            Self::Disk(disk) => disk.doubt(id, about).await,
        }
    }

    /// Takes the note away: the blob is the log's, or gone.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn settle(&self, id: BlobId) -> Result<(), BlobError> {
        match self {
            Self::Disk(disk) => disk.settle(id).await,
        }
    }

    /// Blobs that have been doubted for so long, with what their notes say.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn doubted(&self, age: Duration) -> Result<Vec<(BlobId, String)>, BlobError> {
        match self {
            Self::Disk(disk) => disk.doubted(age).await,
        }
    }

    /// Removes what never became a blob: pieces of files whose senders went away together with the process.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn sweep(&self) -> Result<(), BlobError> {
        match self {
            Self::Disk(disk) => disk.sweep().await,
        }
    }
}

/// A file on its way in. Dropped before it is kept, it leaves nothing behind.
#[derive(Debug)]
pub enum Incoming {
    /// Into a folder.
    Disk(DiskIncoming),
}

impl Incoming {
    /// Adds a piece.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn write(&mut self, piece: &[u8]) -> Result<(), BlobError> {
        match self {
            Self::Disk(incoming) => incoming.write(piece).await,
        }
    }

    /// Removes metadata from a file of this format. Returns the clean file, the outcome and the size.
    ///
    /// # Errors
    /// [`CleanError`]
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

    /// Reads the whole file into memory, for small files only, and deletes it.
    ///
    /// # Errors
    /// [`BlobError::Storage`].
    pub async fn into_bytes(self) -> Result<Bytes, BlobError> {
        match self {
            Self::Disk(incoming) => incoming.into_bytes().await,
        }
    }

    /// Stores it as one rendition, durably and at once: readers see it whole or not at all.
    ///
    /// # Errors
    /// Any [`BlobError`].
    pub async fn keep(self, id: BlobId, name: &str) -> Result<(), BlobError> {
        let name = checked(name)?;
        match self {
            Self::Disk(incoming) => incoming.keep(id, name).await,
        }
    }
}

/// A rendition that is open to be read.
#[derive(Debug)]
pub enum Content {
    /// From a folder.
    Disk(DiskContent),
}

impl Content {
    /// Its bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Disk(content) => content.size,
        }
    }

    /// The bytes of a range, in pieces. A range that ends behind the end is cut there.
    pub fn pieces(self, range: Range<u64>) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        match self {
            Self::Disk(content) => content.pieces(range),
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
