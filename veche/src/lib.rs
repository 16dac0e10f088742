//! Veche as one binary: all roles in one process, or each on its own.

pub mod asyncapi;
mod audit;
mod bus_connection;
pub mod cli;
pub mod docs;
mod guarding;
mod in_process;
mod keys;
mod log_copy;
mod parked;
mod phones;
mod rebuild;
mod rights;
mod roles;
mod runtime;

pub use in_process::InProcess;
pub use roles::Role;
