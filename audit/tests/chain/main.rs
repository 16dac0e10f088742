//! The chain over real logs and a real database.

#![allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks")]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod exporting;
mod fixture;
mod lineage;
mod notary;
mod searching;
mod verifying;
