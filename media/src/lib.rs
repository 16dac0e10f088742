//! Files and pictures: types by content, metadata removal, previews, QR codes, placeholder pictures, and blob
//! storage.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]

pub mod blobs;
pub mod clean;
mod media_type;
mod png;
pub mod qr;
pub mod resize;
pub mod stub;

pub use media_type::{HEAD, Media, is_animated, is_called_picture, sniff};
