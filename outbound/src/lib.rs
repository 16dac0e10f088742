//! Calls to third parties: HTTP to addresses that users choose, and SMS.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]

mod client;
pub mod sms;

pub use client::{Answer, BadUrl, Outbound, OutboundError, OutboundPolicy, authority_of, encode_form};
