//! The auditor's chain: every event of the log has a number and a hash that covers it and all before it; from time to time
//! the hash is signed and written to a file outside the database. Who changes, swaps, removes or inserts history cannot
//! also change what was signed.
//!
//! `docs/audit.md` says it byte by byte, so that an outsider can check it without this code.

mod auditor;
pub mod canonical;
mod chain;
mod checkpoint;
mod checkpoint_file;
mod entry;
pub mod export;
mod filter;
mod ledger;
mod moment;
mod notary;
mod note;

mod related;
mod signed;
mod team;
mod trail;
mod verify;
mod walk;

pub use auditor::{AuditError, Auditor, DecodedEntry, LoadedEntry, Page};
pub use chain::{Chain, Hash};
pub use checkpoint::Checkpoint;
pub use checkpoint_file::{CheckpointFile, RecentRecords, SignedRecords, read_checkpoints};
pub use entry::Entry;
pub use filter::{Filter, Order};
pub use ledger::{Head, Ledger};
pub use notary::{Notary, NotaryError, NotarySettings};
pub use note::{Note, NoteKind};
pub use related::Related;
pub use signed::BadSignature;
pub use verify::{ExtraChecks, ForeignEvent, Report, verify, verify_with};
pub use walk::{Break, Fault};
