//! section.
