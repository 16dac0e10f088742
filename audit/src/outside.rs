//! Checkpoints outside the database: a file to which lines are appended, for who could change the database to be caught.
//!
//! It does its work where the database's owner cannot write: on another disk, shipped to another machine, or in a bucket
//! that keeps what it has.

use crate::Checkpoint;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// The name of the file within its folder.
const NAME: &str = "checkpoints.ndjson";

/// The file of a folder, one checkpoint a line.
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
        serde_json::to_writer(&mut line, checkpoint)?;
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
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        file => file?,
    };
    let (mut checkpoints, mut others) = (Vec::new(), 0);
    for line in BufReader::new(file).split(b'\n') {
        let line = line?;
        match serde_json::from_slice(&line) {
            Ok(checkpoint) => checkpoints.push(checkpoint),
            Err(_) if line.is_empty() => {}
            Err(_) => others += 1,
        }
    }
    Ok((checkpoints, others))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Chain;
    use platform::vault::Vault;

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
