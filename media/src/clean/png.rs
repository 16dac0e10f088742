//! Cleans PNG (ISO/IEC 15948) and APNG: keeps chunks up to the last one. A chunk stays if drawing needs its kind
//! and its checksum is right. A truncated file gets an end chunk.

use super::{
    exif,
    stream::{Sink, Source},
};
use crc32fast::Hasher;
use std::io;

const SIGNATURE: u64 = 8;
const LONGEST: u32 = 0x7fff_ffff;

/// Critical chunks: where one of them is damaged, the picture ends.
const DRAWN: [&[u8; 4]; 7] = [b"CgBI", b"IHDR", b"PLTE", b"IDAT", b"fcTL", b"fdAT", b"IEND"];
/// Chunks for colours, transparency, sizes and animation.
const KEPT: [&[u8; 4]; 15] = [
    b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"mDCv", b"cLLi",
    b"bKGD", b"hIST", b"pHYs", b"acTL",
];

/// The head of a chunk.
struct Chunk {
    name: [u8; 4],
    length: u32,
}

/// Cleans the file; returns whether there are pixels.
pub(super) fn walk(source: &mut Source<'_>, sink: &mut Sink<'_>) -> io::Result<bool> {
    sink.copy(source, SIGNATURE)?;
    let (mut headed, mut drawn) = (false, false);
    while let Some(chunk) = next(source)? {
        let (needed, kept) = (DRAWN.contains(&&chunk.name), KEPT.contains(&&chunk.name));
        if &chunk.name == b"eXIf" {
            put_upright(source, sink, &chunk)?;
            continue;
        }
        if !needed && !kept {
            source.skip(u64::from(chunk.length) + 4)?;
            continue;
        }
        let whole = source.left() >= u64::from(chunk.length) + 4;
        if whole && is_right(source, &chunk)? {
            put_name(sink, &chunk)?;
            sink.copy(source, u64::from(chunk.length) + 4)?;
        } else if !whole && is_data(&chunk) {
            put_cut(source, sink, &chunk)?;
        } else if needed {
            break;
        } else {
            source.skip(u64::from(chunk.length) + 4)?;
            continue;
        }
        headed |= &chunk.name == b"IHDR";
        drawn |= headed && &chunk.name == b"IDAT" && chunk.length > 0;
        if &chunk.name == b"IEND" {
            return Ok(drawn);
        }
    }
    put_whole(sink, b"IEND", &[], &[])?;
    sink.differs();
    Ok(drawn)
}

/// Reads the head of the next chunk; `None` at the end.
fn next(source: &mut Source<'_>) -> io::Result<Option<Chunk>> {
    let Some([a, b, c, d, name @ ..]) = source.array::<8>()? else { return Ok(None) };
    let chunk = Chunk { name, length: u32::from_be_bytes([a, b, c, d]) };
    let is_one = chunk.length <= LONGEST && chunk.name.iter().all(u8::is_ascii_alphabetic);
    Ok(is_one.then_some(chunk))
}

fn is_data(chunk: &Chunk) -> bool {
    matches!(&chunk.name, b"IDAT" | b"fdAT")
}

/// Whether the checksum is right; restores the offset.
fn is_right(source: &mut Source<'_>, chunk: &Chunk) -> io::Result<bool> {
    let from = source.at();
    let mut hasher = Hasher::new();
    hasher.update(&chunk.name);
    source.each(chunk.length.into(), |piece| {
        hasher.update(piece);
        Ok(())
    })?;
    let right = source.array::<4>()? == Some(hasher.finalize().to_be_bytes());
    source.go(from)?;
    Ok(right)
}

fn put_name(sink: &mut Sink<'_>, chunk: &Chunk) -> io::Result<()> {
    let named = [chunk.length.to_be_bytes(), chunk.name].concat();
    sink.put_own(&named, &named)
}

/// Copies the pixels of a truncated chunk.
fn put_cut(source: &mut Source<'_>, sink: &mut Sink<'_>, chunk: &Chunk) -> io::Result<()> {
    let length = source.left().min(chunk.length.into());
    let cut = Chunk { name: chunk.name, length: u32::try_from(length).map_err(io::Error::other)? };
    put_name(sink, &cut)?;
    let mut hasher = Hasher::new();
    hasher.update(&cut.name);
    source.each(length, |piece| {
        hasher.update(piece);
        sink.put(piece)
    })?;
    sink.put_own(&hasher.finalize().to_be_bytes(), &[])
}

fn put_upright(source: &mut Source<'_>, sink: &mut Sink<'_>, chunk: &Chunk) -> io::Result<()> {
    let read = source.up_to(exif::READ.min(chunk.length.into()))?;
    source.skip(u64::from(chunk.length) + 4 - (read.len() as u64).min(chunk.length.into()))?;
    match exif::upright(&read) {
        Some(upright) => put_whole(sink, b"eXIf", &upright, &read),
        None => Ok(()),
    }
}

fn put_whole(sink: &mut Sink<'_>, name: &[u8; 4], content: &[u8], read: &[u8]) -> io::Result<()> {
    let length = u32::try_from(content.len()).map_err(io::Error::other)?;
    put_name(sink, &Chunk { name: *name, length })?;
    sink.put_own(content, read)?;
    let mut hasher = Hasher::new();
    hasher.update(name);
    hasher.update(content);
    let checksum = hasher.finalize().to_be_bytes();
    sink.put_own(&checksum, &checksum)
}
