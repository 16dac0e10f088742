//! The event log: port, adapters, catch-up subscription, conformance suite.
//!
//! An append is atomic, checked against an expected revision, idempotent for equal event ids, and durable before it is
//! acknowledged. [`Log`] is the port: a closed set of adapters. The conformance suite (feature `conformance`) states
//! as tests what every adapter guarantees.
//!
//! Only an adapter may rely on dense positions. Everyone else may rely on their growing in commit order.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]
#![warn(missing_docs)]

pub mod append;
pub mod as_of;
mod capabilities;
mod cause;
#[cfg(feature = "conformance")]
#[allow(clippy::disallowed_methods, reason = "code of tests")]
pub mod conformance;
mod decision;
mod eventstoredb;
mod head;
mod log;
mod memory;
mod postgres;
pub mod read;
mod subscription;
#[cfg(feature = "testing")]
#[allow(clippy::disallowed_methods, reason = "code of tests")]
pub mod testing;

pub use append::{Append, AppendError, Appended, CommandRef, Expected, NewEvent};
pub use capabilities::Capabilities;
pub use cause::Cause;
pub use eventstoredb::{EventStoreDbLog, EventStoreDbSettings, install_tls_provider};
pub use log::Log;
pub use memory::MemoryLog;
pub use postgres::{PostgresLog, PostgresSettings, apply_idempotent_schema, apply_migrations};
pub use read::{RawEvent, ReadError, Receipt};
pub use subscription::Subscription;
