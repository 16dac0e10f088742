//! Events: facts about the past, complete and typed, as the log stores them for ever.
//!
//! A stored event is never validated when it is read: it happened. A stored name (`noun.past_tense.vN`) is a contract
//! and never changes its schema; a new schema gets a new version and a step in [`upcast`].

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]
#![warn(missing_docs)]

pub mod account;
pub mod address_book;
pub mod audit;
pub mod chat;
pub mod codec;
pub mod codes;
pub mod contact;
pub mod device;
pub mod history;
pub mod icon;
pub mod id;
pub mod integration;
pub mod invitation;
pub mod message;
pub mod meta;
pub mod personal;
pub mod phone;
pub mod projection;
pub mod reading;
pub mod recorded;
pub mod registry;
pub mod remind;
pub mod section;
pub mod session;
pub mod stream;
pub mod tag;
pub mod task;
pub mod team;
pub mod time;
pub mod upcast;
pub mod upload;
pub mod value;

pub use id::*;
pub use meta::Meta;
pub use personal::{Personal, Subject};
pub use recorded::{Position, Recorded, Revision};
pub use registry::{
    AccountEvent, AuditEvent, ChatEvent, CodesEvent, Event, HistoryEvent, MessageEvent, PhoneEvent,
    ProjectionEvent, ReadingEvent, RemindEvent, TagEvent, TaskEvent, TeamEvent, UploadsEvent,
};
pub use stream::StreamName;

/// Fingerprint of all event schemas that this program knows: the first hexadecimal digits of a SHA-256 over their JSON
/// Schemas. Every event stores it in its metadata, which tells the schemas that it was written with.
pub const SCHEMAS: &str = include_str!("../../schemas/events/fingerprint").trim_ascii();
