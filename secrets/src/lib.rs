//! What only the master key opens: vault, data keys, sealed values, codes of events and rows, and the journal over the log.

pub mod event_mac;
pub mod guard;
pub mod journal;
pub mod keyring;
pub mod row_mac;
pub mod sealing;
pub mod signing;
pub mod vault;
pub mod wrapping;
