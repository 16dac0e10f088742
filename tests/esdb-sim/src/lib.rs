//! A stand-in for EventStoreDB in tests: a server that speaks the part of the database's wire protocol that the log uses.
//!
//! It keeps everything in memory and is not part of the product. Like the original it handles one write at a time,
//! recognises repeats at the revision of an exact expectation, answers conflicts with the stream's revision, refuses more
//! than 1 MiB at once, has positions with gaps, and writes events of its own among ours. Unlike the original it fails on
//! request, see [`Rule`].

#![expect(clippy::result_large_err, reason = "a status is what a call answers, and tonic's is large")]

mod faults;
// Field by field as in the protocol, which is their documentation.
#[allow(missing_docs, unreachable_pub)]
mod messages;
mod node;
mod service;
mod store;
mod tls;

pub use faults::{Call, Fault, Rule};
pub use node::Sim;
pub use tls::{authority, other_authority};
pub use tonic::Code;
