//! icon.
