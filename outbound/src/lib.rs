//! Calls to other parties: HTTP to addresses that users choose, and text messages.

mod client;
pub mod sms;

pub use client::{Answer, BadUrl, Outbound, OutboundError, OutboundPolicy, authority_of, encode_form};
