//! The chain over real logs and a real database.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod exporting;
mod fixture;
mod lineage;
mod notary;
mod searching;
mod verifying;
