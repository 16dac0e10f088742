//! Facts: what happened, complete and typed, as the log keeps it for ever.
//!
//! A fact is never validated when it is read back: it happened. A stored name (`noun.past_tense.vN`) is a contract
//! and never changes its shape; a new shape gets a new version and an arm in [`upcast`].

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

/// A fingerprint of all stored shapes that this program knows (the beginning of a SHA-256 over their JSON Schemas), in hex:
/// kept with every event, so that it can be told by which schemas it was written.
pub const SCHEMAS: &str = include_str!("../../schemas/events/fingerprint").trim_ascii();
