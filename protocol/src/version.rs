//! The versions of the API, as far as views differ between them.

/// The version of the API that a view is rendered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiVersion {
    /// Answers to v3 calls: exactly the keys of the reference.
    V3,
    /// Answers to v4 calls and websocket frames: also the keys that were added later.
    V4,
}
