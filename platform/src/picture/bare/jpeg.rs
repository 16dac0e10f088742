//! JPEG (ITU-T T.81, annex B): segments up to the end of the image; what lies behind it, as phones hide films there, goes.

use super::upright;

const EXIF: &[u8] = b"Exif\0\0";
const ICC: &[u8] = b"ICC_PROFILE\0";

const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;
const APP15: u8 = 0xef;
const COMMENT: u8 = 0xfe;

/// See [`super::bare`].
pub(super) fn bare(picture: &[u8]) -> Option<Vec<u8>> {
    let mut bare = picture.get(..2)?.to_vec();
    let mut at = 2;
    loop {
        let marker = marker(picture, at)?;
        if marker == END {
            bare.extend([0xff, END]);
            return Some(bare);
        }
        at = behind_marker(picture, at)?;
        let length = usize::from(u16::from_be_bytes(picture.get(at..at + 2)?.try_into().ok()?));
        let content = picture.get(at + 2..at + length)?;
        at += length;
        if let Some(kept) = kept(marker, content) {
            put(&mut bare, marker, &kept)?;
        }
        if marker == SCAN {
            let scan = scan(picture.get(at..)?)?;
            bare.extend(&picture[at..at + scan]);
            at += scan;
        }
    }
}

/// What stays of a segment; nothing if it goes.
fn kept(marker: u8, content: &[u8]) -> Option<Vec<u8>> {
    match marker {
        APP1 => {
            let exif = content.strip_prefix(EXIF)?;
            upright(exif).map(|upright| [EXIF, &upright].concat())
        }
        APP2 => content.starts_with(ICC).then(|| content.to_vec()),
        APP0 | APP14 => Some(content.to_vec()),
        APP1..=APP15 | COMMENT => None,
        _ => Some(content.to_vec()),
    }
}

fn put(bare: &mut Vec<u8>, marker: u8, content: &[u8]) -> Option<()> {
    bare.extend([0xff, marker]);
    bare.extend(u16::try_from(content.len() + 2).ok()?.to_be_bytes());
    bare.extend(content);
    Some(())
}

/// The marker at a place; any number of 0xff may stand before it.
fn marker(picture: &[u8], at: usize) -> Option<u8> {
    let behind = behind_marker(picture, at)?;
    picture.get(behind - 1).copied()
}

fn behind_marker(picture: &[u8], at: usize) -> Option<usize> {
    let rest = picture.get(at..)?;
    if rest.first() != Some(&0xff) {
        return None;
    }
    Some(at + rest.iter().position(|byte| *byte != 0xff)? + 1)
}

/// How long the coded pixels are: up to a marker that is none of those that stand among them.
fn scan(coded: &[u8]) -> Option<usize> {
    let ends = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
    coded.windows(2).position(ends)
}
