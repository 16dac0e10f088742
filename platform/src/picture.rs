//! Pictures: stand-ins for missing ones, QR codes, and uploads made safe.

pub mod clean;
pub mod qr;
pub mod resize;
pub mod stub;

use image::{ExtendedColorType, ImageEncoder, ImageResult, codecs::png::PngEncoder};

/// Writes pixels as PNG.
fn encode_png(pixels: &[u8], width: u32, height: u32, colours: ExtendedColorType) -> ImageResult<Vec<u8>> {
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(pixels, width, height, colours)?;
    Ok(png)
}
