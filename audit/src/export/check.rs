//! Verification of an exported file with nothing but the file, its manifest and a public key.

use super::{
    Manifest, Proof,
    line::{self, Line},
};
use crate::{
    Chain, Hash, Report,
    walk::{Break, Fault, Walk},
};
use event_log::RawEvent;
use secrets::signing::PublicKey;
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

/// Reasons why a file cannot be verified.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The manifest is missing.
    #[error("the manifest {0} is missing: the file cannot be verified without it")]
    NoManifest(String),
    /// The export is unfinished.
    #[error("the export is unfinished: run it again, then verify")]
    Unfinished,
}

/// Verifies a file; `progress` gets the number of bytes read. The report names the first break, if the chain
/// identifies one.
///
/// # Errors
/// See [`CheckError`]: the file is neither confirmed nor refuted.
pub fn check(file: &Path, trusted: &[PublicKey], progress: impl FnMut(u64)) -> Result<Report, CheckError> {
    let manifest_path = Manifest::path_for(file);
    let no_manifest = || CheckError::NoManifest(manifest_path.display().to_string());
    let manifest = Manifest::read(&manifest_path)?.ok_or_else(no_manifest)?;
    if manifest.signature.is_empty() {
        return Err(CheckError::Unfinished);
    }
    let walk = match Walk::begin(manifest.before, manifest.checkpoints.clone(), trusted) {
        Ok(walk) => walk,
        Err(broken) => return Ok(Report::nothing(broken)),
    };
    let mut reading = Reading { manifest: &manifest, walk, count: 0, last: 0 };
    let mut bytes = Hashed { file: File::open(file)?, hash: Sha256::new(), read: 0, progress };
    let mut broken = reading.lines(BufReader::with_capacity(1 << 16, &mut bytes)).err();
    if broken.is_none() {
        // Bytes after the last event belong to the file too.
        io::copy(&mut bytes, &mut io::sink())?;
        broken = reading.whole(Hash(bytes.hash.finalize().into()), trusted).err();
    }
    let mut report = Report::of(&reading.walk, manifest.before, 0, broken);
    if manifest.proves == Proof::Membership {
        report.events = reading.count;
    }
    Ok(report)
}

struct Reading<'r> {
    manifest: &'r Manifest,
    walk: Walk,
    count: u64,
    /// Last number of a filtered export.
    last: u64,
}

impl Reading<'_> {
    fn lines(&mut self, file: impl Read) -> Result<(), Break> {
        for line in line::read(self.manifest.format, file) {
            let broken = |walk: &Walk, why| walk.break_at(None, Fault::Line(why));
            let line = line.map_err(|why| broken(&self.walk, why))?;
            let event = line.event().map_err(|why| broken(&self.walk, why))?;
            match self.manifest.proves {
                Proof::Chain => self.next(&line, &event)?,
                Proof::Membership => self.member(&line, &event)?,
            }
            self.count += 1;
        }
        Ok(())
    }

    /// An event of a contiguous export must be the next of the chain.
    fn next(&mut self, line: &Line, event: &RawEvent) -> Result<(), Break> {
        let chain = self.walk.chain();
        if line.number > chain.number.saturating_add(1) {
            return Err(self.walk.break_at(None, Fault::Missing));
        }
        if chain.then(event) != (Chain { number: line.number, hash: line.hash }) {
            return Err(self.walk.break_at(Some(event.position), Fault::Changed));
        }
        self.walk.step(event).map(drop)
    }

    /// An event of a filtered export must produce its hash from the previous hash.
    fn member(&mut self, line: &Line, event: &RawEvent) -> Result<(), Break> {
        let before =
            Chain { number: line.number.saturating_sub(1), hash: line.previous.unwrap_or(Hash::NONE) };
        let is_next = line.number > self.last;
        if !is_next || before.then(event) != (Chain { number: line.number, hash: line.hash }) {
            let (number, position) = (line.number, Some(event.position));
            return Err(Break {
                number,
                position,
                after: event.position.saturating_sub(1),
                why: Fault::Changed,
            });
        }
        self.last = line.number;
        Ok(())
    }

    /// Checks that the file is complete and signed.
    fn whole(&self, sha256: Hash, trusted: &[PublicKey]) -> Result<(), Break> {
        self.walk.end()?;
        if self.count < self.manifest.count {
            let number = self.last.max(self.walk.chain().number).saturating_add(1);
            return Err(Break { number, ..self.walk.break_at(None, Fault::Missing) });
        }
        if !self.manifest.is_signed_by(trusted) {
            return Err(self.walk.break_at(None, Fault::Manifest));
        }
        let last = self.manifest.last.map_or(self.manifest.before.number, |last| last.number);
        if sha256 != self.manifest.sha256 || last != self.last.max(self.walk.chain().number) {
            return Err(self.walk.break_at(None, Fault::File));
        }
        Ok(())
    }
}

/// A file that is hashed while it is read.
struct Hashed<F> {
    file: File,
    hash: Sha256,
    read: u64,
    progress: F,
}

impl<F: FnMut(u64)> Read for Hashed<F> {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(piece)?;
        self.hash.update(&piece[..read]);
        self.read += read as u64;
        (self.progress)(self.read);
        Ok(read)
    }
}
