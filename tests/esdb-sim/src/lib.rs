//! A stand-in for EventStoreDB, for tests: a server of our own on the database's wire protocol, as far as the log uses it.
//!
//! It keeps everything in memory and is never offered as a product. Like the original it takes one write at a time,
//! recognises repeats at the place that an exact expectation names, answers conflicts with the stream's revision, refuses
//! more than 1 MiB at once, has positions with gaps, and writes events of its own among ours. Unlike the original it can
//! be told to fail: see [`Rule`].

#![expect(clippy::result_large_err, reason = "a status is what a call answers, and tonic's is large")]

mod faults;
// Field by field what the protocol says; nothing to explain beside it.
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
