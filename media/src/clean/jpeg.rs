//! Cleans JPEG (ITU-T T.81, annex B): keeps segments up to the end of the image; trailing data, such as films of
//! phones, is dropped.
//!
//! A segment stays if decoding needs its kind and its structure is valid. Bytes between segments are dropped. A
//! missing end mark is added.

use super::{
    exif,
    stream::{Sink, Source},
};
use std::io;

const EXIF: &[u8] = b"Exif\0\0";
const ICC: &[u8] = b"ICC_PROFILE\0";
const JFIF: &[u8] = b"JFIF\0";
const ADOBE: &[u8] = b"Adobe";

const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;

/// Cleans the file; returns whether there are pixels.
pub(super) fn walk(source: &mut Source<'_>, sink: &mut Sink<'_>) -> io::Result<bool> {
    sink.copy(source, 2)?;
    let (mut framed, mut scanned, mut turned) = (false, false, false);
    loop {
        match marker(source)? {
            ended @ (None | Some(END)) => {
                sink.put_own(&[0xff, END], if ended.is_some() { &[0xff, END] } else { &[] })?;
                return Ok(framed && scanned);
            }
            // Markers without content, which mean nothing here.
            Some(0x01 | 0xd0..=0xd8) => {}
            Some(marker) => {
                let Some(length) = source.array::<2>()?.map(u16::from_be_bytes) else { continue };
                let content = source.up_to(u64::from(length.saturating_sub(2)))?;
                let whole = content.len() + 2 == usize::from(length);
                match kept(marker, &content, &mut turned).filter(|_| whole) {
                    Some(kept) => put(sink, marker, &kept, &content)?,
                    None => continue,
                }
                framed |= is_frame(marker);
                if marker == SCAN {
                    scanned |= scan(source, sink)?;
                }
            }
        }
    }
}

/// Reads past the next marker, with any fill bytes (0xff) and stray bytes before it.
fn marker(source: &mut Source<'_>) -> io::Result<Option<u8>> {
    while source.until(0xff, |_| Ok(()))? {
        source.skip(1)?;
        loop {
            match source.byte()? {
                Some(0xff) => {}
                Some(0) => break,
                marker => return Ok(marker),
            }
        }
    }
    Ok(None)
}

fn put(sink: &mut Sink<'_>, marker: u8, kept: &[u8], read: &[u8]) -> io::Result<()> {
    // At most as long as the segment that was read.
    let length = u16::try_from(kept.len() + 2).map_err(io::Error::other)?.to_be_bytes();
    sink.put_own(&[0xff, marker, length[0], length[1]], &[0xff, marker, length[0], length[1]])?;
    match kept == read && marker != APP1 {
        true => sink.put(kept),
        false => sink.put_own(kept, read),
    }
}

/// Copies entropy-coded data up to the next marker that does not belong to it; returns whether there is any.
fn scan(source: &mut Source<'_>, sink: &mut Sink<'_>) -> io::Result<bool> {
    let from = sink.written();
    while source.until(0xff, |piece| sink.put(piece))? {
        let at = source.at();
        match source.array::<2>()? {
            Some(pair @ [_, 0x00 | 0xd0..=0xd7]) => sink.put(&pair)?,
            // Fill bytes: the last of them is examined again.
            Some([_, 0xff]) => {
                sink.put(&[0xff])?;
                source.go(at + 1)?;
            }
            Some(_) => {
                source.go(at)?;
                break;
            }
            None => break,
        }
    }
    Ok(sink.written() > from)
}

/// The content to keep of a segment; `None` drops the segment.
fn kept(marker: u8, content: &[u8], turned: &mut bool) -> Option<Vec<u8>> {
    let whole = |fits: bool| fits.then(|| content.to_vec());
    match marker {
        // Without the thumbnail.
        APP0 if content.starts_with(JFIF) => Some([content.get(..12)?, &[0, 0]].concat()),
        APP1 if !*turned => {
            let upright = exif::upright(content.strip_prefix(EXIF)?)?;
            *turned = true;
            Some([EXIF, &upright].concat())
        }
        APP2 => whole(content.starts_with(ICC)),
        APP14 if content.starts_with(ADOBE) => content.get(..12).map(<[u8]>::to_vec),
        0xc4 => whole(are_huffman_tables(content)),
        0xdb => whole(are_quantisers(content)),
        0xcc => whole(content.len().is_multiple_of(2) && content.len() <= 64),
        0xdc | 0xdd => whole(content.len() == 2),
        0xdf => whole(content.len() == 1),
        SCAN => {
            let components = usize::from(*content.first()?);
            whole((1..=4).contains(&components) && content.len() == 4 + 2 * components)
        }
        _ if is_frame(marker) || marker == 0xde => {
            let components = usize::from(*content.get(5)?);
            whole(components >= 1 && content.len() == 6 + 3 * components)
        }
        _ => None,
    }
}

fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf)
}

fn are_huffman_tables(mut content: &[u8]) -> bool {
    while !content.is_empty() {
        let Some(counts) = content.get(1..17) else { return false };
        let codes: usize = counts.iter().map(|count| usize::from(*count)).sum();
        if content[0] & 0xec != 0 || codes > 256 || content.len() < 17 + codes {
            return false;
        }
        content = &content[17 + codes..];
    }
    true
}

fn are_quantisers(mut content: &[u8]) -> bool {
    while let Some(first) = content.first() {
        let length = if first >> 4 == 0 { 65 } else { 129 };
        if first & 0xec != 0 || content.len() < length {
            return false;
        }
        content = &content[length..];
    }
    true
}
