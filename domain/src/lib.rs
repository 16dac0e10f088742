//! The rules of the product. Pure: no runtime, database, clock or randomness; a decision depends on the state and the
//! command alone.
//!
//! Every noun has a state, `Command`, `Rejection`, `decide` and `evolve`. Deciding the same command again on the state that it
//! led to yields no events.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]

pub mod account;
pub mod aggregate;
pub mod bot;
pub mod chat;
pub mod codes;
pub mod icon;
pub mod limits;
pub mod link;
pub mod mention;
pub mod message;
pub mod name;
pub mod phone;
pub mod phone_number;
pub mod policy;
pub mod reaction;
pub mod reading;
pub mod remind;
pub mod tag;
pub mod task;
pub mod team;
pub mod text;
pub mod upload;

#[cfg(test)]
mod spec;

pub use aggregate::Aggregate;
