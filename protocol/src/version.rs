//! The versions of the API whose views differ.

/// The version of the API for which a view is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiVersion {
    /// Answers to v3 calls: exactly the keys of the reference.
    V3,
    /// Answers to v4 calls and websocket frames: the v3 keys and the ones added later.
    V4,
}
