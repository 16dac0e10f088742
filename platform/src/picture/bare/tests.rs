//! Pictures as cameras make them, before and after they are stripped.

use super::{bare, orientation, upright};
use image::{ImageDecoder, ImageFormat, ImageReader, Rgb, RgbImage, metadata::Orientation};
use std::io::Cursor;

const SECRET: &[u8] = b"GPS 55.7558N 37.6173E";

fn picture() -> RgbImage {
    RgbImage::from_fn(24, 16, |x, y| Rgb([(x * 10) as u8, (y * 15) as u8, 90]))
}

fn written(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Which side is up, and where it was taken.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif.extend(SECRET);
    exif
}

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker], &length[..], content].concat()
}

/// A chunk of a PNG; nothing reads the checksum of what is left out.
fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length, &name[..], content, &[0; 4]].concat()
}

fn riff(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = [name, &u32::try_from(content.len()).unwrap().to_le_bytes()[..], content].concat();
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

fn webp(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = [b"WEBP", &chunks.concat()[..]].concat();
    riff(b"RIFF", &body)
}

/// What is to be left out is, and nothing else is: the pixels are the same, and which side is up.
fn check(with: &[u8], format: ImageFormat, expected: Orientation) {
    let bare = bare(with).expect("something is left out");
    assert!(!bare.windows(4).any(|four| four == &SECRET[..4]), "{format:?}: the place is still there");
    let read = |bytes: &[u8]| image::load_from_memory_with_format(bytes, format).unwrap().into_rgb8();
    assert_eq!(read(&bare), read(with), "{format:?}");
    let mut decoder = ImageReader::with_format(Cursor::new(&bare), format).into_decoder().unwrap();
    assert_eq!(decoder.orientation().unwrap(), expected, "{format:?}");
    assert_eq!(super::bare(&bare), None, "{format:?}: once");
}

#[test]
fn of_a_jpeg_pixels_colours_and_the_upper_side_stay() {
    let plain = written(ImageFormat::Jpeg);
    let profile = segment(0xe2, b"ICC_PROFILE\0\x01\x01colours");
    for (side, expected) in [(1, Orientation::NoTransforms), (6, Orientation::Rotate90)] {
        let mut with = plain[..2].to_vec();
        with.extend(segment(0xe1, &[b"Exif\0\0", &exif(side)[..]].concat()));
        with.extend(segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", SECRET].concat()));
        with.extend(segment(0xed, SECRET));
        with.extend(segment(0xfe, SECRET));
        with.extend(&profile);
        with.extend(&plain[2..]);
        with.extend(SECRET);
        check(&with, ImageFormat::Jpeg, expected);
        let kept = bare(&with).unwrap();
        assert!(kept.windows(profile.len()).any(|part| part == profile), "colours are no secret");
    }
}

#[test]
fn of_a_png_too() {
    let plain = written(ImageFormat::Png);
    // Behind the signature and the header.
    let (head, rest) = plain.split_at(33);
    let texts =
        [chunk(b"tEXt", SECRET), chunk(b"iTXt", SECRET), chunk(b"zTXt", SECRET), chunk(b"tIME", &[0; 7])];
    let with = [head, &texts.concat(), rest, SECRET].concat();
    check(&with, ImageFormat::Png, Orientation::NoTransforms);
    let with = [head, &chunk(b"eXIf", &exif(6)), rest].concat();
    let bare = bare(&with).unwrap();
    let kept = bare.windows(4).position(|name| name == b"eXIf").unwrap();
    assert_eq!(orientation(&bare[kept + 4..]), Some(6));
    assert!(image::load_from_memory_with_format(&bare, ImageFormat::Png).is_ok(), "its checksum is right");
    assert!(!bare.windows(3).any(|three| three == b"GPS"));
}

#[test]
fn of_a_webp_too() {
    let plain = written(ImageFormat::WebP);
    let pixels = plain[12..].to_vec();
    // Width and height less one, three bytes each, behind the flags.
    let extended = |flags: u8| riff(b"VP8X", &[flags, 0, 0, 0, 23, 0, 0, 15, 0, 0]);
    for (side, expected) in [(1, Orientation::NoTransforms), (6, Orientation::Rotate90)] {
        let chunks = [extended(0x0c), pixels.clone(), riff(b"EXIF", &exif(side)), riff(b"XMP ", SECRET)];
        check(&webp(&chunks), ImageFormat::WebP, expected);
    }
}

#[test]
fn what_has_nothing_to_hide_or_is_broken_stays_as_it_is() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let plain = written(format);
        assert_eq!(bare(&plain), None, "{format:?}");
        for length in 0..plain.len() {
            let cut = bare(&plain[..length]);
            assert!(cut.is_none_or(|cut| cut.len() <= length), "{format:?}: {length} bytes of it");
        }
    }
    assert_eq!(bare(b"GIF89a"), None);
}

#[test]
fn broken_exif_says_nothing() {
    let whole = exif(6);
    assert_eq!(orientation(&whole), Some(6));
    assert!(upright(&exif(1)).is_none() && upright(&exif(9)).is_none());
    for length in 0..20 {
        assert_eq!(orientation(&whole[..length]), None);
    }
    assert_eq!(orientation(b"II\x2a\0\xff\xff\xff\xff"), None);
}
