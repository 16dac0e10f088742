//! The chain over real logs and a real database.

mod exporting;
mod house;
mod notary;
mod searching;
mod verifying;
