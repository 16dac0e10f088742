//! Secrets: the vault of the master key, data keys, sealed values, codes of events and rows, and the journal that
//! appends and reads events with them.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]

pub mod event_mac;
pub mod guard;
pub mod journal;
pub mod keyring;
pub mod row_mac;
pub mod sealing;
pub mod signing;
pub mod vault;
pub mod wrapping;
