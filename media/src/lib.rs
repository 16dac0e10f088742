//! Files and pictures: types by content, metadata removal, previews, QR codes, placeholder pictures, and blob
//! storage.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests have their own clocks, ids and tasks"))]

pub mod blobs;
pub mod clean;
mod media_type;
pub mod qr;
pub mod resize;
pub mod stub;

pub use media_type::{HEAD, Media, is_animated, is_called_picture, sniff};

use image::{ExtendedColorType, ImageEncoder, ImageResult, codecs::png::PngEncoder};

/// Encodes pixels as PNG.
fn encode_png(pixels: &[u8], width: u32, height: u32, colours: ExtendedColorType) -> ImageResult<Vec<u8>> {
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(pixels, width, height, colours)?;
    Ok(png)
}
