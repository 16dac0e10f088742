//! Draws placeholder pictures: white letters on a colour.

use crate::png;
use ab_glyph::{Font, FontRef, InvalidFont, OutlinedGlyph, PxScale, Rect, ScaleFont, point};
use bytes::Bytes;
use image::{ExtendedColorType, ImageError};
use moka::sync::Cache;
use std::sync::Arc;
use unicode_segmentation::UnicodeSegmentation;

/// Width and height, in pixels.
pub const SIDE: u32 = 256;
/// Height of letters (em), smaller if the text is too wide.
const FONT_SIZE: f32 = 116.0;
/// Maximum width of the letters, in pixels.
const ROOM: f32 = 196.0;
/// Maximum number of letters: anybody may request any placeholder.
const MAX_LETTERS: usize = 2;
const MAX_CHARS: usize = 16;
/// About 10 MB of cached pictures.
const CACHED: u64 = 4_096;

/// Why a placeholder is not drawn.
#[derive(Debug, thiserror::Error)]
pub enum StubRefused {
    /// The colour is not in the palette.
    #[error("no such colour")]
    Colour,
    /// The text is not one or two letters.
    #[error("one or two letters are drawn")]
    Letters,
    /// The picture cannot be encoded.
    #[error("stub picture: {0}")]
    Picture(#[from] ImageError),
}

/// Draws placeholders and caches the latest. Cheap to clone.
#[derive(Clone)]
pub struct Stubs {
    font: FontRef<'static>,
    palette: Arc<[(String, [u8; 3])]>,
    drawn: Cache<(usize, String), Bytes>,
}

impl Stubs {
    /// Placeholders on these colours, six hex digits each; malformed colours are skipped.
    ///
    /// # Errors
    /// [`InvalidFont`] if the built-in font is damaged.
    pub fn new(palette: &[&str]) -> Result<Self, InvalidFont> {
        let colours = palette.iter().filter_map(|hex| Some(((*hex).to_owned(), rgb(hex)?)));
        Ok(Self {
            font: FontRef::try_from_slice(dejavu::sans::regular())?,
            palette: colours.collect(),
            drawn: Cache::new(CACHED),
        })
    }

    /// Draws a PNG of 256×256 pixels, in about a millisecond.
    ///
    /// # Errors
    /// [`StubRefused`].
    pub fn png(&self, colour: &str, letters: &str) -> Result<Bytes, StubRefused> {
        let colour = self.palette.iter().position(|(hex, _)| hex == colour).ok_or(StubRefused::Colour)?;
        if !drawable(letters) {
            return Err(StubRefused::Letters);
        }
        let key = (colour, letters.to_owned());
        if let Some(png) = self.drawn.get(&key) {
            return Ok(png);
        }
        let pixels = paint(self.palette[colour].1, &self.lay_out(letters));
        let png = Bytes::from(png::encode(&pixels, SIDE, SIDE, ExtendedColorType::Rgb8)?);
        self.drawn.insert(key, png.clone());
        Ok(png)
    }

    /// Lays out the letters in a row, at a size that fits.
    fn lay_out(&self, letters: &str) -> Vec<OutlinedGlyph> {
        let full = self.outline(letters, FONT_SIZE);
        let width = bounds(&full).map_or(0.0, |bounds| bounds.width());
        if width <= ROOM { full } else { self.outline(letters, FONT_SIZE * ROOM / width) }
    }

    fn outline(&self, letters: &str, size: f32) -> Vec<OutlinedGlyph> {
        let font = self.font.as_scaled(PxScale::from(size));
        let mut pen = 0.0;
        let mut outlines = Vec::new();
        for letter in letters.chars() {
            let mut glyph = font.scaled_glyph(letter);
            glyph.position = point(pen, font.ascent());
            pen += font.h_advance(glyph.id);
            outlines.extend(font.outline_glyph(glyph));
        }
        outlines
    }
}

fn drawable(letters: &str) -> bool {
    let count = letters.graphemes(true).count();
    let visible = letters.chars().all(|c| !c.is_control());
    (1..=MAX_LETTERS).contains(&count) && letters.chars().count() <= MAX_CHARS && visible
}

fn paint(background: [u8; 3], outlines: &[OutlinedGlyph]) -> Vec<u8> {
    let mut pixels = background.repeat((SIDE * SIDE) as usize);
    let Some(all) = bounds(outlines) else { return pixels };
    let side = SIDE as f32;
    let shift_x = ((side - all.width()) / 2.0 - all.min.x).round();
    let shift_y = ((side - all.height()) / 2.0 - all.min.y).round();
    for outline in outlines {
        let corner = outline.px_bounds().min;
        outline.draw(|x, y, coverage| {
            let (x, y) = (x as f32 + corner.x + shift_x, y as f32 + corner.y + shift_y);
            if (0.0..side).contains(&x) && (0.0..side).contains(&y) {
                let at = (y as usize * SIDE as usize + x as usize) * 3;
                for channel in &mut pixels[at..at + 3] {
                    let white = f32::from(u8::MAX - *channel) * coverage.clamp(0.0, 1.0);
                    *channel += white.round() as u8;
                }
            }
        });
    }
    pixels
}

fn bounds(outlines: &[OutlinedGlyph]) -> Option<Rect> {
    outlines.iter().map(OutlinedGlyph::px_bounds).reduce(|one, other| Rect {
        min: point(one.min.x.min(other.min.x), one.min.y.min(other.min.y)),
        max: point(one.max.x.max(other.max.x), one.max.y.max(other.max.y)),
    })
}

fn rgb(digits: &str) -> Option<[u8; 3]> {
    let mut colour = [0; 3];
    hex::decode_to_slice(digits, &mut colour).ok()?;
    Some(colour)
}

#[cfg(test)]
mod tests {
    use super::{SIDE, StubRefused, Stubs};

    const PALETTE: [&str; 2] = ["579dda", "e36659"];

    fn stubs() -> Stubs {
        Stubs::new(&PALETTE).unwrap()
    }

    #[test]
    fn letters_stand_white_in_the_middle_of_their_colour() {
        for letters in ["ВП", "К№", "то", "02", "П", "Щg", "ШЩ"] {
            let png = stubs().png("579dda", letters).unwrap();
            let picture = image::load_from_memory(&png).unwrap().into_rgb8();
            assert_eq!(picture.dimensions(), (SIDE, SIDE));
            assert_eq!(picture.get_pixel(0, 0).0, [0x57, 0x9d, 0xda]);
            let white: Vec<_> =
                picture.enumerate_pixels().filter(|(.., pixel)| pixel.0 == [255; 3]).collect();
            assert!(white.len() > 300, "{letters} is hardly drawn");
            let (left, right) = (
                white.iter().map(|(x, ..)| *x).min().unwrap(),
                white.iter().map(|(x, ..)| *x).max().unwrap(),
            );
            assert!(left >= 20 && left.abs_diff(SIDE - 1 - right) <= 6, "{letters}: {left} {right}");
        }
    }

    #[test]
    fn each_letter_has_a_glyph_of_its_own() {
        let unknown = stubs().png("579dda", "\u{10ffff}").unwrap();
        let drawn: Vec<_> = ["Ж", "№", "ё", "Q", "7"].map(|l| stubs().png("579dda", l).unwrap()).into();
        assert!(drawn.iter().all(|png| *png != unknown));
    }

    #[test]
    fn a_stub_is_drawn_once() {
        let stubs = stubs();
        let first = stubs.png("579dda", "А").unwrap();
        assert_eq!(first.as_ptr(), stubs.png("579dda", "А").unwrap().as_ptr());
        assert_ne!(first, stubs.png("e36659", "А").unwrap());
    }

    #[test]
    fn other_colours_and_longer_texts_are_refused() {
        for colour in ["", "000000", "579DDA", "#579dda"] {
            assert!(matches!(stubs().png(colour, "А"), Err(StubRefused::Colour)), "{colour}");
        }
        let stacked = format!("a{}", "\u{301}".repeat(100));
        for letters in ["", "абв", "a\n", "\u{0}", stacked.as_str()] {
            assert!(matches!(stubs().png("579dda", letters), Err(StubRefused::Letters)), "{letters:?}");
        }
    }
}
