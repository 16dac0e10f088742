//! What clients see: wire types, error codes, envelope, frames, notices.
