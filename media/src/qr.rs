//! Draws text as a QR code.

use crate::png;
use image::{ExtendedColorType, ImageError};
use qrcode::{Color, EcLevel, QrCode, types::QrError};

/// Maximum length of the text in bytes: above any link of ours, and still easy for a camera.
pub const MAX_TEXT: usize = 512;
/// Pixels per module of the code.
const SCALE: usize = 8;
/// Width of the white border in modules (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;

/// Why a QR code cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum QrRefused {
    /// The text is longer than [`MAX_TEXT`].
    #[error("a text of {0} bytes is too long for a QR code")]
    TooLong(usize),
    /// The text does not fit into a code.
    #[error("QR code: {0}")]
    Code(#[from] QrError),
    /// The picture cannot be encoded.
    #[error("QR picture: {0}")]
    Picture(#[from] ImageError),
}

/// Draws the text as a QR code of error correction level M, black on white with a quiet zone, as PNG.
///
/// # Errors
/// [`QrRefused`].
pub fn png(text: &str) -> Result<Vec<u8>, QrRefused> {
    if text.len() > MAX_TEXT {
        return Err(QrRefused::TooLong(text.len()));
    }
    let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
    let width = code.width();
    let modules = code.into_colors();
    let side = (width + 2 * QUIET_ZONE) * SCALE;
    let mut pixels = vec![u8::MAX; side * side];
    for (index, module) in modules.into_iter().enumerate() {
        if module == Color::Dark {
            let left = (index % width + QUIET_ZONE) * SCALE;
            let top = (index / width + QUIET_ZONE) * SCALE;
            for row in pixels.chunks_exact_mut(side).skip(top).take(SCALE) {
                row[left..left + SCALE].fill(0);
            }
        }
    }
    // At most 177 + 8 modules of 8 pixels: it fits.
    Ok(png::encode(&pixels, side as u32, side as u32, ExtendedColorType::L8)?)
}

#[cfg(test)]
mod tests {
    use super::{MAX_TEXT, QrRefused, png};

    #[test]
    fn code_is_black_on_white_within_a_quiet_zone() {
        let bytes = png("otv://qr-login/localhost%3A8000/dGVzdCB0b2tlbiBhYmM").unwrap();
        let picture = image::load_from_memory(&bytes).unwrap().into_luma8();
        assert_eq!(picture.width(), picture.height());
        let side = picture.width();
        assert!(picture.enumerate_pixels().all(|(x, y, pixel)| {
            let inside = (32..side - 32).contains(&x) && (32..side - 32).contains(&y);
            pixel.0[0] == 255 || (inside && pixel.0[0] == 0)
        }));
        // The finder patterns.
        for (x, y) in [(32, 32), (side - 33, 32), (32, side - 33)] {
            assert_eq!(picture.get_pixel(x, y).0[0], 0);
        }
    }

    #[test]
    fn any_text_up_to_the_limit_has_a_code() {
        assert!(png("").is_ok());
        assert!(png(&"ы".repeat(MAX_TEXT / 2)).is_ok());
        assert!(matches!(png(&"a".repeat(MAX_TEXT + 1)), Err(QrRefused::TooLong(513))));
    }
}
