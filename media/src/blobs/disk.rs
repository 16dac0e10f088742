//! Blobs in a folder: `{first two hex digits}/{hex id}/{name}`, written to a temporary file, synced, then renamed.
//! A mark is a file of its own, `doubted/{hex id}`.

use super::BlobError;
use crate::clean::{self, CleanError, Format, Outcome};
use bytes::{Bytes, BytesMut};
use events::BlobId;
use futures::{Stream, stream};
use std::{
    fs::{self, File},
    io::{self, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufWriter};
use uuid::Uuid;

/// Folder of temporary files, on the same file system so that renaming is atomic.
const ASIDE: &str = "incoming";
/// Folder of the marks of blobs that the log may not reference.
const MARKS: &str = "doubted";
/// Bytes per read, and per write.
const PIECE: usize = 256 * 1024;
/// A temporary file without writes for this long was left by a crash.
const LEFT_BEHIND: Duration = Duration::from_secs(3_600);

/// Blobs in a folder.
#[derive(Clone, Debug)]
pub struct DiskBlobs {
    folder: Arc<Path>,
}

impl DiskBlobs {
    pub(super) async fn open(folder: PathBuf) -> Result<Self, BlobError> {
        let blobs = Self { folder: folder.into() };
        let folders = [ASIDE, MARKS].map(|name| blobs.folder.join(name));
        on_disk(move || folders.iter().try_for_each(fs::create_dir_all)).await?;
        blobs.sweep().await?;
        Ok(blobs)
    }

    pub(super) async fn sweep(&self) -> Result<(), BlobError> {
        let aside = self.folder.join(ASIDE);
        on_disk(move || remove_left_behind(&aside)).await
    }

    pub(super) async fn receive(&self) -> Result<DiskIncoming, BlobError> {
        let path = self.aside();
        let file = tokio::fs::File::create_new(&path).await?;
        let aside = Aside { path };
        Ok(DiskIncoming { blobs: self.clone(), aside, file: BufWriter::with_capacity(PIECE, file) })
    }

    pub(super) async fn content(&self, id: BlobId, name: &str) -> Result<Option<DiskContent>, BlobError> {
        let Some(file) = absent_as_none(tokio::fs::File::open(self.place(id).join(name)).await)? else {
            return Ok(None);
        };
        let size = file.metadata().await?.len();
        Ok(Some(DiskContent { file, size }))
    }

    pub(super) async fn mark(&self, id: BlobId, about: &str) -> Result<(), BlobError> {
        let (aside, note, about) = (self.aside(), self.note(id), about.to_owned());
        let folder = self.folder.join(MARKS);
        on_disk(move || {
            write_synced(&aside, about.as_bytes())?;
            fs::rename(aside, note)?;
            File::open(folder)?.sync_all()
        })
        .await
    }

    pub(super) async fn unmark(&self, id: BlobId) -> Result<(), BlobError> {
        let note = self.note(id);
        // Not synced: a mark that reappears after a crash is only checked once more.
        on_disk(move || absent_as_none(fs::remove_file(note)).map(drop)).await
    }

    pub(super) async fn marked(&self, age: Duration) -> Result<Vec<(BlobId, String)>, BlobError> {
        let folder = self.folder.join(MARKS);
        on_disk(move || {
            let mut found = vec![];
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let id = entry.file_name().to_str().and_then(|name| Uuid::try_parse(name).ok());
                if let Some(id) = id.filter(|_| is_older(&entry, age)) {
                    let about = absent_as_none(fs::read_to_string(entry.path()))?;
                    found.extend(about.map(|about| (BlobId(id), about)));
                }
            }
            Ok(found)
        })
        .await
    }

    pub(super) async fn put(&self, id: BlobId, name: &str, bytes: Bytes) -> Result<(), BlobError> {
        let aside = self.aside();
        let place = self.place(id);
        let name = name.to_owned();
        let folder = Arc::clone(&self.folder);
        on_disk(move || {
            let written = write_synced(&aside, &bytes).and_then(|()| publish(&aside, &folder, &place, &name));
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

    #[expect(clippy::disallowed_methods, reason = "the name of a temporary file")]
    fn aside(&self) -> PathBuf {
        self.folder.join(ASIDE).join(Uuid::new_v4().simple().to_string())
    }

    fn note(&self, id: BlobId) -> PathBuf {
        self.folder.join(MARKS).join(id.0.simple().to_string())
    }

    fn place(&self, id: BlobId) -> PathBuf {
        let hex = id.0.simple().to_string();
        self.folder.join(&hex[..2]).join(hex)
    }
}

/// A temporary file, deleted on drop.
#[derive(Debug)]
struct Aside {
    path: PathBuf,
}

impl Drop for Aside {
    fn drop(&mut self) {
        // Deleting is quick, and nothing can wait for it here. After a rename the file does not exist.
        let _ = fs::remove_file(&self.path);
    }
}

/// A temporary file that is being written.
#[derive(Debug)]
pub struct DiskIncoming {
    blobs: DiskBlobs,
    aside: Aside,
    file: BufWriter<tokio::fs::File>,
}

impl DiskIncoming {
    pub(super) async fn write(&mut self, piece: &[u8]) -> Result<(), BlobError> {
        Ok(self.file.write_all(piece).await?)
    }

    #[expect(clippy::disallowed_methods, reason = "the caller waits for this blocking work")]
    pub(super) async fn clean(mut self, format: Format) -> Result<(Self, Outcome, u64), CleanError> {
        self.file.flush().await?;
        let (from, to) = (self.aside.path.clone(), Aside { path: self.blobs.aside() });
        let work = move || -> Result<_, CleanError> {
            let mut from = File::open(from)?;
            let mut written = io::BufWriter::with_capacity(PIECE, File::create_new(&to.path)?);
            let outcome = clean::clean(format, &mut from, &mut written)?;
            let written = written.into_inner().map_err(io::IntoInnerError::into_error)?;
            let size = written.metadata()?.len();
            Ok((outcome, to, written, size))
        };
        let (outcome, aside, written, size) =
            tokio::task::spawn_blocking(work).await.map_err(io::Error::other)??;
        if outcome == Outcome::NothingToClean {
            return Ok((self, outcome, size));
        }
        let file = BufWriter::with_capacity(PIECE, tokio::fs::File::from_std(written));
        Ok((Self { blobs: self.blobs, aside, file }, outcome, size))
    }

    pub(super) async fn hides_metadata(&mut self) -> Result<bool, BlobError> {
        self.file.flush().await?;
        let path = self.aside.path.clone();
        on_disk(move || clean::hides_metadata(&mut File::open(path)?)).await
    }

    pub(super) async fn into_bytes(mut self) -> Result<Bytes, BlobError> {
        self.file.flush().await?;
        let aside = self.aside;
        on_disk(move || fs::read(&aside.path).map(Bytes::from)).await
    }

    pub(super) async fn keep(mut self, id: BlobId, name: &str) -> Result<(), BlobError> {
        self.file.flush().await?;
        self.file.get_ref().sync_all().await?;
        let (place, folder) = (self.blobs.place(id), Arc::clone(&self.blobs.folder));
        let name = name.to_owned();
        let aside = self.aside;
        on_disk(move || publish(&aside.path, &folder, &place, &name)).await
    }
}

/// A file opened for reading.
#[derive(Debug)]
pub struct DiskContent {
    file: tokio::fs::File,
    pub(super) size: u64,
}

impl DiskContent {
    pub(super) fn pieces(
        self,
        range: Range<u64>,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static + use<> {
        let left = range.end.min(self.size).saturating_sub(range.start);
        let start = Some((self.file, range.start, left));
        stream::try_unfold(start, |state| async move {
            let Some((mut file, seek, left)) = state.filter(|(.., left)| *left > 0) else { return Ok(None) };
            if seek > 0 {
                file.seek(SeekFrom::Start(seek)).await?;
            }
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
            let mut piece = BytesMut::with_capacity(wanted);
            let read = (&mut file).take(wanted as u64).read_buf(&mut piece).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(Some((piece.freeze(), Some((file, 0, left - read as u64)))))
        })
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Renames the file, and syncs the folders whose entries changed: a name is durable only if its folder is.
fn publish(aside: &Path, folder: &Path, place: &Path, name: &str) -> io::Result<()> {
    fs::create_dir_all(place)?;
    fs::rename(aside, place.join(name))?;
    let changed = place.ancestors().take_while(|path| path.starts_with(folder));
    changed.map(File::open).try_for_each(|opened| opened?.sync_all())
}

fn remove_left_behind(aside: &Path) -> io::Result<()> {
    for entry in fs::read_dir(aside)? {
        let entry = entry?;
        if is_older(&entry, LEFT_BEHIND) {
            absent_as_none(fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

fn is_older(entry: &fs::DirEntry, age: Duration) -> bool {
    let written = entry.metadata().and_then(|metadata| metadata.modified());
    written.is_ok_and(|at| at.elapsed().is_ok_and(|passed| passed >= age))
}

fn absent_as_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Runs blocking disk work outside the async threads.
#[expect(clippy::disallowed_methods, reason = "the caller waits for this blocking work")]
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, BlobError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?;
    Ok(done?)
}
