//! Exports: history in a file, with a manifest beside it that says what the file holds and is signed.
//!
//! An export of a run of the chain (no filter but positions) carries every byte that hashes cover, so that whoever has the
//! file, the manifest and the public key can recompute the chain. A filtered one carries with each event the hash before
//! it: each event is shown to be what its hash says, and that nothing was left out is only the signer's word.

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

/// Events between two notes of how far it is.
const PAGE: usize = 1_000;

/// What is to be exported, and where to.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The file; its manifest is beside it, see [`Manifest::beside`]. An export that was begun goes on.
    pub out: PathBuf,
    /// How it is written.
    pub format: Format,
    /// Of what.
    pub filter: Filter,
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// History cannot be read.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The file cannot be written.
    #[error("the export's file: {0}")]
    File(#[from] io::Error),
    /// The file is there and is not the beginning of this export.
    #[error("{0}")]
    InTheWay(String),
    /// The log has lost an event that the chain has.
    #[error("the log does not hold the event of number {0}: run `veche audit verify`")]
    Lost(u64),
}

impl From<sqlx::Error> for ExportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Audit(error.into())
    }
}

/// Exports all that is in the chain by now, from where an earlier run of the same export ended. `tell` hears the number
/// it is at. Writes files without leaving its thread: it is a tool's work, not a server's.
///
/// # Errors
/// [`ExportError`]; what was written until then is gone on from the next time.
pub async fn export(
    auditor: &Auditor,
    plan: &ExportRequest,
    key: &SigningKey,
    now: DateTime<Utc>,
    tell: impl FnMut(u64),
) -> Result<Manifest, ExportError> {
    let mut work = Work::begin(auditor, plan).await?;
    work.run(tell).await?;
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
        let beside = Manifest::path_for(&plan.out);
        let manifest = match (Manifest::read(&beside)?, plan.out.exists()) {
            (Some(begun), true) if begun.filter == plan.filter && begun.format == plan.format => begun,
            (None, false) => {
                let before = before(auditor, &plan.filter).await?;
                Manifest::begin(plan.format, plan.filter.clone(), before)
            }
            _ => {
                let out = plan.out.display();
                let text = format!("{out} or its manifest is there, and is not the beginning of this export");
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

    async fn run(&mut self, mut tell: impl FnMut(u64)) -> Result<(), ExportError> {
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
            tell(self.manifest.until);
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

    /// Notes on disk how far the file is in order: a run that ends here is gone on from here.
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

/// What the chain is before the first event that is exported.
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
    /// Opens a file whose first `bytes` are in order; what follows is the rest of a run that was cut off, and goes.
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
