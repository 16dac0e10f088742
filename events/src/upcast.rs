//! upcast.
