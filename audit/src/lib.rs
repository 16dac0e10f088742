//! The auditor's chain: every event of the log has a number and a hash that covers it and all before it; from time to time
//! the hash is signed and written to a file outside the database. Who changes, swaps, removes or inserts history cannot
//! also change what was signed.
//!
//! `docs/audit.md` says it byte by byte, so that an outsider can check it without this code.

mod auditor;
pub mod canonical;
mod chain;
mod checkpoint;
mod entry;
pub mod export;
mod filter;
mod ledger;
mod moment;
mod notary;
pub mod note;
mod outside;
mod related;
mod team;
mod trail;
mod verify;
mod walk;

pub use auditor::{AuditError, Auditor, Found, Page, Told};
pub use chain::{Chain, Hash};
pub use checkpoint::{BadCheckpoint, Checkpoint};
pub use entry::Entry;
pub use filter::{Filter, Order};
pub use ledger::{Head, Ledger};
pub use notary::{Notary, NotaryError, Pace};
pub use note::Note;
pub use outside::{CheckpointFile, Outside, Tail, read_checkpoints};
pub use related::Related;
pub use verify::{Beside, NotOurs, Report, verify, verify_beside};
pub use walk::{Break, Fault};
