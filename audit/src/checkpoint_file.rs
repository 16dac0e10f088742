//! Checkpoints outside the database: a file to which lines are appended, for who could change the database to be caught.
//!
//! It does its work where the database's owner cannot write: on another disk, shipped to another machine, or in a bucket
//! that keeps what it has.

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

/// The name of the file within its folder.
const NAME: &str = "checkpoints.ndjson";

/// Bytes at the end of the file in which its last checkpoint is looked for.
const TAIL: u64 = 64 << 10;

/// The notes at the end of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecentRecords {
    /// The last checkpoint below the last accepted lineage.
    pub checkpoint: Option<Checkpoint>,
    /// The last accepted lineage, if it was accepted lately.
    pub lineage: Option<Note>,
}

/// The notes of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedRecords {
    /// The checkpoints of the present history: those below the last accepted lineage.
    pub checkpoints: Vec<Checkpoint>,
    /// All notes, in their order.
    pub notes: Vec<Note>,
    /// Lines that are neither.
    pub others: usize,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Checkpoint(Checkpoint),
    Note(Note),
}

impl SignedRecords {
    /// The notes of a file that are signed with a trusted key. A missing file has none.
    ///
    /// # Errors
    /// The file cannot be read.
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

    /// Whether the log was seen to carry codes.
    pub fn is_guarded(&self) -> bool {
        self.notes.iter().any(|note| note.note == NoteKind::Guarded)
    }
}

/// The file of a folder, one checkpoint or note a line.
#[derive(Clone, Debug)]
pub struct CheckpointFile(PathBuf);

impl CheckpointFile {
    /// The file in this folder; neither need be there yet.
    pub fn within(folder: &Path) -> Self {
        Self(folder.join(NAME))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Appends a checkpoint and returns once the disk has it. Blocks.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        self.append_line(checkpoint)
    }

    /// Appends a note, likewise.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append_note(&self, note: &Note) -> io::Result<()> {
        self.append_line(note)
    }

    /// The notes at the end of the file that are signed with this key; no more is read, however long the file is.
    ///
    /// # Errors
    /// The file cannot be read.
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
            // A line that a crash cut off stays alone, and is passed over when the file is read.
            line.push(b'\n');
        }
        serde_json::to_writer(&mut line, content)?;
        line.push(b'\n');
        file.write_all(&line)?;
        file.sync_all()?;
        if let (true, Some(folder)) = (is_new, self.0.parent()) {
            // The file's name is on disk only with its folder.
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

/// The checkpoints of a file in its order, and how many lines are none. A file that is not there has none.
///
/// # Errors
/// The file cannot be read.
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
    fn checkpoints_above_an_accepted_lineage_are_of_another_history() {
        let (key, stranger) = (Vault::new(&[1; 32]).signing_key(), Vault::new(&[2; 32]).signing_key());
        let folder = tempfile::tempdir().unwrap();
        let file = CheckpointFile::within(folder.path());
        let note =
            |kind, key| Note::sign(kind, Chain::START, chrono::DateTime::UNIX_EPOCH, "why".into(), key);
        file.append_note(&note(NoteKind::Guarded, &key)).unwrap();
        file.append(&checkpoint(5)).unwrap();
        file.append_note(&note(NoteKind::Lineage, &stranger)).unwrap();
        let read = || SignedRecords::read(file.path(), &[key.public()]).unwrap();
        assert_eq!((read().checkpoints, read().others), (vec![checkpoint(5)], 1), "anybody can write a note");
        assert!(read().is_guarded());
        assert_eq!(file.tail(&key.public()).unwrap().checkpoint, Some(checkpoint(5)));
        file.append_note(&note(NoteKind::Lineage, &key)).unwrap();
        assert_eq!(file.tail(&key.public()).unwrap().checkpoint, None);
        file.append(&checkpoint(3)).unwrap();
        assert_eq!(file.tail(&key.public()).unwrap().checkpoint, Some(checkpoint(3)));
        assert_eq!(file.tail(&stranger.public()).unwrap().checkpoint, None);
        assert_eq!((read().checkpoints, read().notes.len()), (vec![checkpoint(3)], 2));
        assert!(read().is_guarded(), "whatever was accepted since");
    }

    fn checkpoint(number: u64) -> Checkpoint {
        let key = Vault::new(&[1; 32]).signing_key();
        Checkpoint::sign(Chain { number, ..Chain::START }, number, chrono::DateTime::UNIX_EPOCH, &key)
    }

    #[test]
    fn lines_are_added_and_one_that_was_cut_off_spoils_no_other() {
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
