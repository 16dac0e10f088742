//! Exports: history in a file, with a signed manifest next to it that says what the file holds.
//!
//! An export of a contiguous range (filtered by positions only) carries every byte that hashes cover: with the file,
//! the manifest and the public key anyone can recompute the chain. A filtered export carries the previous hash with
//! each event: it proves that each event is the one that was hashed, while for completeness the reader has to trust
//! the signer.

mod check;
mod line;
mod manifest;

pub use check::{CheckError, check};
pub use line::Format;
pub use manifest::{ChainPoint, Manifest, Proof};

use crate::{AuditError, Auditor, Chain, Checkpoint, Filter, Hash, LoadedEntry, Order};
use chrono::{DateTime, Utc};
use line::LineWriter;
use secrets::signing::SigningKey;
use sha2::{Digest, Sha256};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    path::PathBuf,
};

/// Number of events between two saves of the manifest.
const PAGE: usize = 1_000;

/// The events to export, and the target.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// File to write; the manifest is next to it, see [`Manifest::path_for`]. An unfinished export is continued.
    pub out: PathBuf,
    /// Format of the file.
    pub format: Format,
    /// Events to export.
    pub filter: Filter,
}

/// Reasons why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The history cannot be read.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The file cannot be written.
    #[error("the export's file: {0}")]
    File(#[from] io::Error),
    /// The file exists and is not the beginning of this export: remove it or choose another name.
    #[error("{0}")]
    InTheWay(String),
    /// The log has lost an event that the chain contains.
    #[error("the log does not hold the event with number {0}: run `veche audit verify`")]
    Lost(u64),
}

impl From<sqlx::Error> for ExportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Audit(error.into())
    }
}

/// Exports everything that the chain contains now, continuing an earlier run of the same export. `progress` gets the
/// chain number reached. Blocks its thread on file I/O: for command-line tools, not for servers.
///
/// # Errors
/// See [`ExportError`]; the next run continues after what was written.
pub async fn export(
    auditor: &Auditor,
    plan: &ExportRequest,
    key: &SigningKey,
    now: DateTime<Utc>,
    progress: impl FnMut(u64),
) -> Result<Manifest, ExportError> {
    let mut work = Work::begin(auditor, plan).await?;
    work.run(progress).await?;
    work.finish(key, now).await
}

struct Work<'e> {
    auditor: &'e Auditor,
    plan: &'e ExportRequest,
    manifest: Manifest,
    out: Hashing,
}

impl<'e> Work<'e> {
    async fn begin(auditor: &'e Auditor, plan: &'e ExportRequest) -> Result<Self, ExportError> {
        let manifest_path = Manifest::path_for(&plan.out);
        let manifest = match (Manifest::read(&manifest_path)?, plan.out.exists()) {
            (Some(begun), true) if begun.filter == plan.filter && begun.format == plan.format => begun,
            (None, false) => {
                let before = before(auditor, &plan.filter).await?;
                Manifest::begin(plan.format, plan.filter.clone(), before)
            }
            _ => {
                let out = plan.out.display();
                let text = format!(
                    "{out} or its manifest exists and is not the beginning of this export: remove both or choose another name"
                );
                return Err(ExportError::InTheWay(text));
            }
        };
        let mut out = Hashing::open(&plan.out, manifest.bytes)?;
        if manifest.bytes == 0 {
            LineWriter::new(plan.format).head(&mut out)?;
        }
        let mut work = Self { auditor, plan, manifest, out };
        work.note()?;
        Ok(work)
    }

    async fn run(&mut self, mut progress: impl FnMut(u64)) -> Result<(), ExportError> {
        let writer = LineWriter::new(self.plan.format);
        loop {
            let from = self.manifest.until;
            let page = self.auditor.page(&self.plan.filter, Order::Oldest, from, PAGE).await?;
            for found in &page.found {
                self.add(writer, found).await?;
            }
            let last = page.found.last().map(|found| found.entry.number);
            self.manifest.until = page.next.or(last).unwrap_or(from);
            self.note()?;
            progress(self.manifest.until);
            if page.next.is_none() {
                return Ok(());
            }
        }
    }

    async fn add(&mut self, writer: LineWriter, found: &LoadedEntry) -> Result<(), ExportError> {
        let LoadedEntry { entry, raw } = found;
        let raw = raw.as_ref().ok_or(ExportError::Lost(entry.number))?;
        let previous = match self.manifest.proves {
            Proof::Chain => None,
            Proof::Membership => Some(hash_before(self.auditor, entry.number).await?),
        };
        writer.event(&mut self.out, entry, previous, raw)?;
        self.manifest.count(ChainPoint { number: entry.number, position: entry.position, hash: entry.hash });
        Ok(())
    }

    /// Saves in the manifest how far the file is complete: an interrupted run continues from here.
    fn note(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.manifest.bytes = self.out.bytes;
        self.manifest.unsign();
        self.manifest.write(&Manifest::path_for(&self.plan.out))
    }

    async fn finish(mut self, key: &SigningKey, now: DateTime<Utc>) -> Result<Manifest, ExportError> {
        self.out.sync()?;
        if self.manifest.proves == Proof::Chain {
            let all = self.auditor.ledger().checkpoints().await?;
            let inside = |checkpoint: &Checkpoint| self.manifest.holds(checkpoint.number);
            self.manifest.checkpoints = all.into_iter().filter(inside).collect();
        }
        self.manifest.sha256 = Hash(self.out.hash.clone().finalize().into());
        self.manifest.sign(key, now);
        self.manifest.write(&Manifest::path_for(&self.plan.out))?;
        Ok(self.manifest)
    }
}

/// The chain before the first exported event.
async fn before(auditor: &Auditor, filter: &Filter) -> Result<Chain, ExportError> {
    if !filter.is_contiguous() {
        return Ok(Chain::START);
    }
    let first = auditor.ledger().entries(filter, Order::Oldest, 0, 1).await?;
    match first.first() {
        Some(first) if first.number > 1 => {
            let number = first.number - 1;
            Ok(Chain { number, hash: hash_before(auditor, first.number).await? })
        }
        _ => Ok(Chain::START),
    }
}

async fn hash_before(auditor: &Auditor, number: u64) -> Result<Hash, ExportError> {
    if number == 1 {
        return Ok(Hash::NONE);
    }
    let before = auditor.ledger().entry_number(number - 1).await?;
    before.map(|entry| entry.hash).ok_or(ExportError::Lost(number - 1))
}

/// A file that is hashed while it is written.
struct Hashing {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Hashing {
    /// Opens a file of which the first `bytes` are complete; the rest of an interrupted run is cut off.
    fn open(path: &std::path::Path, bytes: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        file.set_len(bytes)?;
        let mut hash = Sha256::new();
        let mut piece = vec![0; 1 << 16];
        loop {
            match file.read(&mut piece)? {
                0 => break,
                read => hash.update(&piece[..read]),
            }
        }
        file.seek(SeekFrom::End(0))?;
        Ok(Self { file: BufWriter::new(file), hash, bytes })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }
}

impl Write for Hashing {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.file.write_all(piece)?;
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
