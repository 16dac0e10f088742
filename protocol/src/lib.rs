//! What clients see: wire types, error codes, envelope, frames; and the notices that carry events to the gateways.

pub mod envelope;
pub mod error;
pub mod lang;
