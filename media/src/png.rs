//! Encodes pixels as PNG.

use image::{ExtendedColorType, ImageEncoder, ImageResult, codecs::png::PngEncoder};

pub(crate) fn encode(
    pixels: &[u8],
    width: u32,
    height: u32,
    colours: ExtendedColorType,
) -> ImageResult<Vec<u8>> {
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(pixels, width, height, colours)?;
    Ok(png)
}
