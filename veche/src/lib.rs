//! Veche as one binary: all roles in one process, or each on its own.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]

pub mod asyncapi;
mod audit;
mod bus_connection;
pub mod cli;
pub mod docs;
pub mod failure;
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
