//! The public wire: JSON types, error codes, the answer envelope and websocket frames; and the notices that carry
//! events from the projection to the gateways.
//!
//! `/api/v3` follows the reference (the seed) to the letter: a key that the reference omits when empty is omitted
//! here, a key that it prints as `null` is printed as `null`.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]
#![warn(missing_docs)]

pub mod account;
pub mod audit;
pub mod chat;
pub mod chat_type;
pub mod contact;
pub mod country;
pub mod device;
pub mod emoji;
pub mod envelope;
pub mod error;
pub mod features;
pub mod feed_position;
pub mod html;
pub mod icon;
pub mod integration;
pub mod invitation;
pub mod jid;
pub mod lang;
pub mod live;
pub mod message;
pub mod notice;
mod nullable;

pub mod reading;
pub mod realtime;
pub mod remind;
pub mod section;
pub mod session;
pub mod tag;
pub mod task;
pub mod team;
pub mod time;
pub mod timezone;
pub mod upload;
pub mod version;

pub use feed_position::FeedPosition;
pub use jid::Jid;
pub use time::Timestamp;
pub use version::ApiVersion;
