//! The checkpoint file outside the database: an append-only file of checkpoints and notes, one JSON object a line,
//! which exposes a rewritten database.
//!
//! It only helps where the database's owner cannot write: on another disk, shipped to another machine, or in a
//! write-once bucket.

use crate::{
    Checkpoint,
    note::{Note, NoteKind},
};
use secrets::signing::PublicKey;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Name of the file within its folder.
const NAME: &str = "checkpoints.ndjson";

/// Number of bytes at the end of the file that are searched for its last checkpoint.
const TAIL: u64 = 64 << 10;

/// Records at the end of a checkpoint file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecentRecords {
    /// Last checkpoint after the last accepted lineage.
    pub checkpoint: Option<Checkpoint>,
    /// Last accepted lineage, if it is among the records that were read.
    pub lineage: Option<Note>,
}

/// All records of a checkpoint file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedRecords {
    /// Checkpoints of the current history: those after the last accepted lineage.
    pub checkpoints: Vec<Checkpoint>,
    /// All notes in order.
    pub notes: Vec<Note>,
    /// Number of lines that are neither a checkpoint nor a trusted note.
    pub others: usize,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Checkpoint(Checkpoint),
    Note(Note),
}

impl SignedRecords {
    /// Reads the records of a file; notes must be signed with a trusted key. A missing file has no records.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn read(path: &Path, trusted: &[PublicKey]) -> io::Result<Self> {
        let mut outside = Self::default();
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(outside),
            file => file?,
        };
        for line in BufReader::new(file).split(b'\n') {
            let line = line?;
            match serde_json::from_slice(&line) {
                Ok(Line::Checkpoint(checkpoint)) => outside.checkpoints.push(checkpoint),
                Ok(Line::Note(note)) if trusted.iter().any(|key| note.check(key).is_ok()) => {
                    if note.note == NoteKind::Lineage {
                        outside.checkpoints.clear();
                    }
                    outside.notes.push(note);
                }
                Err(_) if line.is_empty() => {}
                Ok(Line::Note(_)) | Err(_) => outside.others += 1,
            }
        }
        Ok(outside)
    }

    /// Whether a note says that events carry codes.
    pub fn is_guarded(&self) -> bool {
        self.notes.iter().any(|note| note.note == NoteKind::Guarded)
    }
}

/// A checkpoint file.
#[derive(Clone, Debug)]
pub struct CheckpointFile(PathBuf);

impl CheckpointFile {
    /// The file in a folder; neither needs to exist yet.
    pub fn within(folder: &Path) -> Self {
        Self(folder.join(NAME))
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Appends a checkpoint and syncs it to disk. Blocks.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        self.append_line(checkpoint)
    }

    /// Appends a note and syncs it to disk. Blocks.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append_note(&self, note: &Note) -> io::Result<()> {
        self.append_line(note)
    }

    /// Reads the last records that are signed with this key, in constant time for any length of the file.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn tail(&self, key: &PublicKey) -> io::Result<RecentRecords> {
        let mut tail = RecentRecords::default();
        let mut file = match File::open(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(tail),
            file => file?,
        };
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut file, &mut bytes)?;
        for line in bytes.rsplit(|byte| *byte == b'\n') {
            match serde_json::from_slice(line) {
                Ok(Line::Checkpoint(checkpoint))
                    if tail.checkpoint.is_none() && checkpoint.check(key).is_ok() =>
                {
                    tail.checkpoint = Some(checkpoint);
                }
                Ok(Line::Note(note)) if note.note == NoteKind::Lineage && note.check(key).is_ok() => {
                    tail.lineage = Some(note);
                    break;
                }
                _ => {}
            }
        }
        Ok(tail)
    }

    fn append_line(&self, content: &impl Serialize) -> io::Result<()> {
        let is_new = !self.0.exists();
        if let (true, Some(folder)) = (is_new, self.0.parent()) {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(&self.0)?;
        let mut line = Vec::new();
        if !ends_whole(&mut file)? {
            // A line that a crash cut off stays on its own and is skipped by readers.
            line.push(b'\n');
        }
        serde_json::to_writer(&mut line, content)?;
        line.push(b'\n');
        file.write_all(&line)?;
        file.sync_all()?;
        if let (true, Some(folder)) = (is_new, self.0.parent()) {
            // The name of a new file is durable only after its folder is synced.
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

fn ends_whole(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    io::Read::read_exact(file, &mut last)?;
    Ok(last == *b"\n")
}

/// The checkpoints of a file in order, and the number of lines that are none. A missing file has no checkpoints.
///
/// # Errors
/// The file exists and cannot be read.
pub fn read_checkpoints(path: &Path) -> io::Result<(Vec<Checkpoint>, usize)> {
    let outside = SignedRecords::read(path, &[])?;
    Ok((outside.checkpoints, outside.others))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chain;
    use secrets::vault::Vault;

    #[test]
    fn checkpoints_before_an_accepted_lineage_are_ignored() {
        let (key, stranger) = (Vault::new(&[1; 32]).signing_key(), Vault::new(&[2; 32]).signing_key());
        let folder = tempfile::tempdir().unwrap();
        let file = CheckpointFile::within(folder.path());
        let note =
            |kind, key| Note::sign(kind, Chain::START, chrono::DateTime::UNIX_EPOCH, "why".into(), key);
        file.append_note(&note(NoteKind::Guarded, &key)).unwrap();
        file.append(&checkpoint(5)).unwrap();
        file.append_note(&note(NoteKind::Lineage, &stranger)).unwrap();
        let read = || SignedRecords::read(file.path(), &[key.public()]).unwrap();
        assert_eq!(
            (read().checkpoints, read().others),
            (vec![checkpoint(5)], 1),
            "the note of another key is ignored"
        );
        assert!(read().is_guarded());
        assert_eq!(file.tail(&key.public()).unwrap().checkpoint, Some(checkpoint(5)));
        file.append_note(&note(NoteKind::Lineage, &key)).unwrap();
        assert_eq!(file.tail(&key.public()).unwrap().checkpoint, None);
        file.append(&checkpoint(3)).unwrap();
        assert_eq!(file.tail(&key.public()).unwrap().checkpoint, Some(checkpoint(3)));
        assert_eq!(file.tail(&stranger.public()).unwrap().checkpoint, None);
        assert_eq!((read().checkpoints, read().notes.len()), (vec![checkpoint(3)], 2));
        assert!(read().is_guarded(), "an accepted lineage keeps the note");
    }

    fn checkpoint(number: u64) -> Checkpoint {
        let key = Vault::new(&[1; 32]).signing_key();
        Checkpoint::sign(Chain { number, ..Chain::START }, number, chrono::DateTime::UNIX_EPOCH, &key)
    }

    #[test]
    fn torn_line_leaves_other_lines_readable() {
        let folder = tempfile::tempdir().unwrap();
        let file = CheckpointFile::within(&folder.path().join("new"));
        assert_eq!(read_checkpoints(file.path()).unwrap(), (vec![], 0));
        file.append(&checkpoint(1)).unwrap();
        let mut torn = OpenOptions::new().append(true).open(file.path()).unwrap();
        torn.write_all(b"{\"number\":2,").unwrap();
        file.append(&checkpoint(3)).unwrap();
        assert_eq!(read_checkpoints(file.path()).unwrap(), (vec![checkpoint(1), checkpoint(3)], 1));
    }
}
