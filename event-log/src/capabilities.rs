//! Properties in which adapters differ.

#[cfg(doc)]
use crate::append::MAX_APPEND_BYTES;

/// Properties in which adapters differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Positions are 1, 2, 3 … without gaps.
    pub dense_positions: bool,
    /// The receipt of a command is stored in one transaction with its events.
    pub same_transaction_receipts: bool,
    /// Maximum size of one append in bytes; at most [`MAX_APPEND_BYTES`].
    pub largest_append: usize,
}
