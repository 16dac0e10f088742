//! Blobs in a folder: `{first two hex digits}/{hex id}/{name}`, written aside, synced, then renamed into place.

use super::BlobError;
use bytes::Bytes;
use events::BlobId;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use uuid::Uuid;

/// Files being written; same file system as the rest, so that renaming is atomic.
const ASIDE: &str = "incoming";
/// After this long a file aside was left by a crash.
const LEFT_BEHIND: Duration = Duration::from_secs(3_600);

/// Blobs in a folder.
#[derive(Clone, Debug)]
pub struct DiskBlobs {
    folder: Arc<Path>,
}

impl DiskBlobs {
    pub(super) async fn open(folder: PathBuf) -> Result<Self, BlobError> {
        let blobs = Self { folder: folder.into() };
        let aside = blobs.folder.join(ASIDE);
        on_disk(move || {
            fs::create_dir_all(&aside)?;
            remove_left_behind(&aside)
        })
        .await?;
        Ok(blobs)
    }

    pub(super) async fn put(&self, id: BlobId, name: &str, bytes: Bytes) -> Result<(), BlobError> {
        let aside = self.folder.join(ASIDE).join(Uuid::new_v4().simple().to_string());
        let place = self.place(id);
        let name = name.to_owned();
        let folder = Arc::clone(&self.folder);
        on_disk(move || {
            let written = write_synced(&aside, &bytes).and_then(|()| settle(&aside, &folder, &place, &name));
            if written.is_err() {
                let _ = fs::remove_file(&aside);
            }
            written
        })
        .await
    }

    pub(super) async fn get(&self, id: BlobId, name: &str) -> Result<Option<Bytes>, BlobError> {
        let path = self.place(id).join(name);
        on_disk(move || absent_as_none(fs::read(path))).await.map(|bytes| bytes.map(Bytes::from))
    }

    pub(super) async fn delete(&self, id: BlobId) -> Result<(), BlobError> {
        let place = self.place(id);
        on_disk(move || absent_as_none(fs::remove_dir_all(place)).map(drop)).await
    }

    fn place(&self, id: BlobId) -> PathBuf {
        let hex = id.0.simple().to_string();
        self.folder.join(&hex[..2]).join(hex)
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Renames into place, and syncs the folders whose entries changed: a name is durable only when its folder is.
fn settle(aside: &Path, folder: &Path, place: &Path, name: &str) -> io::Result<()> {
    fs::create_dir_all(place)?;
    fs::rename(aside, place.join(name))?;
    let changed = place.ancestors().take_while(|path| path.starts_with(folder));
    changed.map(File::open).try_for_each(|opened| opened?.sync_all())
}

fn remove_left_behind(aside: &Path) -> io::Result<()> {
    for entry in fs::read_dir(aside)? {
        let entry = entry?;
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        if written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > LEFT_BEHIND)) {
            absent_as_none(fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

fn absent_as_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Disk work blocks: it runs aside from the threads that serve.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, BlobError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?;
    Ok(done?)
}
