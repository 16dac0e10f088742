//! Pictures as cameras make them, intact and damaged, before and after cleaning.

mod made;
mod placed;

use super::{CleanError, Format, Outcome, clean, exif::orientation};
use image::{ImageDecoder, ImageFormat, ImageReader, RgbaImage, metadata::Orientation};
use made::{SECRET, chunk, exif, gif_extension, riff, segment, webp, written};
use proptest::prelude::*;
use std::io::Cursor;

/// The beginning of the secret that must be removed.
const BEGINNING: &[u8] = b"GPS 55.7";

const FORMATS: [(Format, ImageFormat); 4] = [
    (Format::Jpeg, ImageFormat::Jpeg),
    (Format::Png, ImageFormat::Png),
    (Format::Gif, ImageFormat::Gif),
    (Format::WebP, ImageFormat::WebP),
];

fn cleaned(format: Format, picture: &[u8]) -> Result<(Outcome, Vec<u8>), CleanError> {
    let mut to = Cursor::new(vec![]);
    let outcome = clean(format, &mut Cursor::new(picture), &mut to)?;
    Ok((outcome, to.into_inner()))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}

fn pixels(format: ImageFormat, bytes: &[u8]) -> Option<RgbaImage> {
    image::load_from_memory_with_format(bytes, format).ok().map(|picture| picture.into_rgba8())
}

/// Checks that the secret is removed and nothing else: pixels and orientation are the same.
fn check(with: &[u8], (format, read): (Format, ImageFormat), expected: Orientation) -> Vec<u8> {
    let (outcome, bare) = cleaned(format, with).unwrap();
    assert_eq!(outcome, Outcome::Cleaned, "{format:?}");
    assert!(!contains(&bare, BEGINNING), "{format:?}: the place is still there");
    let before = pixels(read, with);
    assert!(before.is_none() || before == pixels(read, &bare), "{format:?}: other pixels");
    let side = ImageReader::with_format(Cursor::new(&bare), read).into_decoder().unwrap().orientation();
    assert_eq!(side.unwrap(), expected, "{format:?}");
    assert_eq!(cleaned(format, &bare).unwrap(), (Outcome::NothingToClean, bare.clone()), "{format:?}: once");
    bare
}

#[test]
fn cleaned_jpeg_keeps_pixels_colours_and_orientation() {
    let plain = written(ImageFormat::Jpeg);
    let profile = segment(0xe2, b"ICC_PROFILE\0\x01\x01colours");
    for (side, expected) in [(1, Orientation::NoTransforms), (6, Orientation::Rotate90)] {
        let block = segment(0xe1, &[b"Exif\0\0", &exif(side)[..]].concat());
        let xmp = segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", SECRET].concat());
        let small = segment(0xe0, &[b"JFIF\0\x01\x01\0\0\x01\0\x01\x03\x04", SECRET].concat());
        let more =
            [segment(0xe2, &[b"MPF\0", SECRET].concat()), segment(0xed, SECRET), segment(0xfe, SECRET)]
                .concat();
        let with = [&plain[..2], &block, &xmp, &small, &more, &profile, &plain[2..], SECRET].concat();
        let kept = check(&with, FORMATS[0], expected);
        assert!(contains(&kept, &profile), "colours are no secret");
    }
}

#[test]
fn cleaned_png_keeps_pixels_colours_and_orientation() {
    let plain = written(ImageFormat::Png);
    // After the signature and the header.
    let (head, rest) = plain.split_at(33);
    let texts: Vec<u8> =
        [b"tEXt", b"iTXt", b"zTXt", b"zxIf", b"caBX"].iter().flat_map(|name| chunk(name, SECRET)).collect();
    let with = [head, &texts, &chunk(b"tIME", &[0; 7]), rest, SECRET].concat();
    assert_eq!(check(&with, FORMATS[1], Orientation::NoTransforms), plain);
    let with = [head, &chunk(b"eXIf", &exif(6)), rest].concat();
    let bare = check(&with, FORMATS[1], Orientation::Rotate90);
    let kept = memchr::memmem::find(&bare, b"eXIf").unwrap();
    assert_eq!(orientation(&bare[kept + 4..]), Some(6));
}

#[test]
fn cleaned_webp_keeps_pixels_colours_and_orientation() {
    let plain = written(ImageFormat::WebP);
    let pixels = &plain[12..];
    let extended = |flags: u8| riff(b"VP8X", &[flags, 0, 0, 0, 23, 0, 0, 15, 0, 0]);
    for (side, expected) in [(1, Orientation::NoTransforms), (6, Orientation::Rotate90)] {
        let last = [riff(b"EXIF", &exif(side)), riff(b"XMP ", SECRET), riff(b"meta", SECRET)].concat();
        let with = webp(&[&extended(0x0c), pixels, &last].concat());
        check(&with, FORMATS[3], expected);
        for wrong in [0u32, 100, u32::MAX] {
            let with = [&with[..4], &wrong.to_le_bytes(), &with[8..]].concat();
            let (outcome, bare) = cleaned(Format::WebP, &with).unwrap();
            assert_eq!(outcome, Outcome::Cleaned, "it says that it has {wrong} bytes");
            assert!(!contains(&bare, BEGINNING));
            let length = u32::from_le_bytes(bare[4..8].try_into().unwrap());
            assert_eq!(length as usize + 8, bare.len());
        }
    }
    let frame = [&[0; 16][..], pixels, &riff(b"EXIF", SECRET)].concat();
    let moving = webp(&[extended(0x02), riff(b"ANIM", &[0; 6]), riff(b"ANMF", &frame)].concat());
    let (outcome, bare) = cleaned(Format::WebP, &moving).unwrap();
    assert!(outcome == Outcome::Cleaned && !contains(&bare, BEGINNING) && contains(&bare, pixels));
    assert_eq!(cleaned(Format::WebP, &bare).unwrap().0, Outcome::NothingToClean);
}

#[test]
fn cleaned_gif_keeps_pixels() {
    let plain = written(ImageFormat::Gif);
    let (rest, trailer) = plain.split_at(plain.len() - 1);
    let xmp =
        [b"\x21\xff\x0bXMP DataXMP", SECRET, &[1], &(0..=255).rev().collect::<Vec<u8>>()[..], &[0]].concat();
    let loops = gif_extension(0xff, &[b"NETSCAPE2.0", &[1, 0, 0]]);
    let with = [
        rest,
        &gif_extension(0xfe, &[SECRET]),
        &loops,
        &gif_extension(0xff, &[b"FOREIGN1234", SECRET]),
        trailer,
        SECRET,
    ]
    .concat();
    let kept = check(&with, FORMATS[2], Orientation::NoTransforms);
    assert_eq!(kept, [rest, &loops, trailer].concat());
    let (_, bare) = cleaned(Format::Gif, &[rest, &xmp, trailer].concat()).unwrap();
    assert!(
        !contains(&bare, BEGINNING) && pixels(ImageFormat::Gif, &bare) == pixels(ImageFormat::Gif, &plain)
    );
}

#[test]
fn file_without_metadata_is_unchanged() {
    for (format, read) in FORMATS {
        let plain = written(read);
        assert_eq!(cleaned(format, &plain).unwrap(), (Outcome::NothingToClean, plain), "{format:?}");
    }
    assert_eq!(cleaned(Format::Gif, b"GIF89a").unwrap().0, Outcome::NotReadableAsClaimed);
    assert_eq!(
        cleaned(Format::Jpeg, b"\xff\xd8\xff<html>").unwrap(),
        (Outcome::NotReadableAsClaimed, b"\xff\xd8\xff\xd9".to_vec())
    );
}

#[test]
fn cleaned_animation_keeps_its_frames() {
    let mut gif = vec![];
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut gif);
    for colour in [[255, 0, 0, 255], [0, 255, 0, 255]] {
        encoder.encode_frame(image::Frame::new(RgbaImage::from_pixel(20, 10, image::Rgba(colour)))).unwrap();
    }
    drop(encoder);
    let with = [&gif[..gif.len() - 1], &gif_extension(0xfe, &[SECRET]), b";"].concat();
    let (_, bare) = cleaned(Format::Gif, &with).unwrap();
    assert!(bare == gif && crate::is_animated(&bare));
}

/// A picture with the secret at every place that its format has for it.
fn telling(format: Format) -> Vec<u8> {
    match format {
        Format::Jpeg => {
            let plain = written(ImageFormat::Jpeg);
            let block = segment(0xe1, &[b"Exif\0\0", &exif(6)[..]].concat());
            let scan = memchr::memmem::find(&plain, b"\xff\xda").unwrap();
            [
                &plain[..2],
                &block,
                &plain[2..scan],
                &segment(0xfe, SECRET),
                &plain[scan..plain.len() - 2],
                &block,
                &plain[plain.len() - 2..],
                SECRET,
            ]
            .concat()
        }
        Format::Png => {
            let plain = written(ImageFormat::Png);
            let (head, rest) = plain.split_at(33);
            let (pixels, end) = rest.split_at(rest.len() - 12);
            [
                head,
                &chunk(b"eXIf", &exif(6)),
                &chunk(b"tEXt", SECRET),
                pixels,
                &chunk(b"iTXt", SECRET),
                end,
                SECRET,
            ]
            .concat()
        }
        Format::Gif => {
            let plain = written(ImageFormat::Gif);
            let comment = gif_extension(0xfe, &[SECRET]);
            let table = 13 + (3 << ((plain[10] & 7) + 1)) * usize::from(plain[10] >> 7);
            [&plain[..table], &comment, &plain[table..plain.len() - 1], &comment, b";", SECRET].concat()
        }
        Format::WebP => {
            let plain = written(ImageFormat::WebP);
            let extended = riff(b"VP8X", &[0x0c, 0, 0, 0, 23, 0, 0, 15, 0, 0]);
            let exif = riff(b"EXIF", &exif(6));
            [webp(&[&extended, &exif, &plain[12..], &riff(b"XMP ", SECRET), &exif].concat()), SECRET.to_vec()]
                .concat()
        }
        Format::Tiff | Format::Heif | Format::Film => panic!("these are in placed.rs"),
    }
}

#[test]
fn truncated_picture_contains_no_metadata() {
    for (format, read) in FORMATS {
        let with = telling(format);
        check(
            &with,
            (format, read),
            if format == Format::Gif { Orientation::NoTransforms } else { Orientation::Rotate90 },
        );
        for length in 8..with.len() {
            let (outcome, bare) = cleaned(format, &with[..length]).unwrap();
            assert!(!contains(&bare, BEGINNING), "{format:?} cut at {length}: {outcome:?}");
            if pixels(read, &with[..length]).is_some() {
                assert!(pixels(read, &bare).is_some(), "{format:?} cut at {length}: it can be read no more");
            }
        }
    }
}

#[test]
fn jpeg_without_end_or_with_stray_bytes_is_repaired() {
    let with = telling(Format::Jpeg);
    let plain = cleaned(Format::Jpeg, &with).unwrap().1;
    let end = memchr::memmem::rfind(&with, b"\xff\xd9").unwrap();
    assert_eq!(cleaned(Format::Jpeg, &with[..end]).unwrap(), (Outcome::Cleaned, plain.clone()));
    let strange = [b"stray", SECRET, b"\xff\0\xff\xff"].concat();
    let first = with[2..].windows(2).position(|pair| pair == b"\xff\xdb").unwrap() + 2;
    for at in [2, first] {
        let with = [&with[..at], &strange, &with[at..]].concat();
        assert_eq!(cleaned(Format::Jpeg, &with).unwrap(), (Outcome::Cleaned, plain.clone()), "at {at}");
    }
}

#[test]
fn png_without_end_chunk_gets_one() {
    let plain = written(ImageFormat::Png);
    let open = [&plain[..33], &chunk(b"tEXt", SECRET), &plain[33..plain.len() - 12]].concat();
    assert_eq!(cleaned(Format::Png, &open).unwrap(), (Outcome::Cleaned, plain));
}

#[test]
fn metadata_in_unexpected_places_is_refused() {
    let plain = written(ImageFormat::Jpeg);
    let scan = memchr::memmem::find(&plain, b"\xff\xda").unwrap();
    let naked = [b"Exif\0\0", &exif(1)[..]].concat();
    let within = [&plain[..scan + 20], &naked, &plain[scan + 20..]].concat();
    assert!(matches!(cleaned(Format::Jpeg, &within), Err(CleanError::Hidden)));
    let profile = segment(0xe2, &[b"ICC_PROFILE\0", &naked[..]].concat());
    assert!(matches!(
        cleaned(Format::Jpeg, &[&plain[..2], &profile, &plain[2..]].concat()),
        Err(CleanError::Hidden)
    ));
    let webp_pixels = written(ImageFormat::WebP)[12..].to_vec();
    let (name, content) = webp_pixels.split_at(8);
    let long = riff(name[..4].try_into().unwrap(), &[content, &riff(b"EXIF", &naked)].concat());
    assert!(matches!(cleaned(Format::WebP, &webp(&long)), Err(CleanError::Hidden)));
}

#[test]
fn malformed_exif_is_dropped() {
    let whole = exif(6);
    assert_eq!(orientation(&whole), Some(6));
    assert!(super::exif::upright(&exif(1)).is_none() && super::exif::upright(&exif(9)).is_none());
    for length in 0..20 {
        assert_eq!(orientation(&whole[..length]), None);
    }
    assert_eq!(orientation(b"II\x2a\0\xff\xff\xff\xff"), None);
}

proptest! {
    #[test]
    fn damaged_picture_contains_no_metadata(number in 0usize..4, damage in prop::collection::vec((0usize..2_000, any::<u8>()), 0..4), cut in 0usize..4_000) {
        let (format, _) = FORMATS[number];
        let mut picture = telling(format);
        picture.truncate(cut.max(16));
        for (at, byte) in damage {
            // The secret itself is not damaged: it would not be recognised.
            let at = at % picture.len();
            let near = &picture[at.saturating_sub(BEGINNING.len())..(at + BEGINNING.len()).min(picture.len())];
            if at >= 12 && !contains(near, BEGINNING) {
                picture[at] = byte;
            }
        }
        // Damage can turn a text into pixel data, but a complete EXIF block never survives.
        if let Ok((_, bare)) = cleaned(format, &picture) {
            prop_assert!(!contains(&bare, b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02"));
            prop_assert!(bare.len() <= picture.len() + 64);
        }
    }
}
