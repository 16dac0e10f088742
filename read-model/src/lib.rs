//! The read model: schema, queries and views; the one place with SQL on read tables.
//!
//! The projection writes it; every other service reads it through [`ReadModel`], whose queries answer with wire types as
//! one viewer sees them.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]

pub mod account;
pub mod address_book;
pub mod chat;
pub mod chat_address;
pub mod confirmed;
pub mod contact;
pub mod device;
pub mod difference;
pub mod erasure;
pub mod feed;
pub mod group;
pub mod icon;
pub mod integration;
pub mod invitation;
pub mod last_seen;
pub mod membership;
pub mod message;
mod model;
pub mod parked;
pub mod past;
mod position;
mod query_error;
pub mod reading;
pub mod remind;
pub mod rights;
mod rights_cache;
pub mod roster;
pub mod row_code;
pub mod schema;
pub mod section;
pub mod session;
mod session_list;
pub mod tag;
pub mod task;
mod task_view;
pub mod team;
pub mod upkeep;
pub mod upload;

pub use model::ReadModel;
pub use query_error::{QueryError, Result};
pub use session_list::ExpiredSession;
