//! The audit chain: every event of the log has a number and a hash that covers it and all events before it. At
//! intervals the hash is signed and written to a file outside the database. An intruder who changes, swaps, removes or
//! inserts history cannot change what was signed.
//!
//! `docs/audit.md` specifies the format byte by byte, so that outsiders can verify it without this code.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]

mod as_of;
mod auditor;
pub mod canonical;
mod chain;
mod checkpoint;
mod checkpoint_file;
mod entry;
pub mod export;
mod filter;
mod ledger;

mod notary;
mod note;

mod related;
mod signed;
mod stored;
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
