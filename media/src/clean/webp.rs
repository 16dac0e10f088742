//! Cleans WebP (RFC 9649): chunks of a RIFF file, each of an even length. All lengths are rewritten for the output;
//! the RIFF length of the input ends the walk only if a chunk ends there.

use super::{
    exif,
    stream::{Sink, Source},
};
use std::io;

const HEADER: u64 = 12;
/// Length of a chunk's head: name and length.
const AROUND: u64 = 8;
/// Length of a frame's head: place and duration.
const FRAME: u64 = 16;
/// Flags of the first chunk of an extended file: there is a chunk `EXIF`, or `XMP `.
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;

/// State of the walk.
#[derive(Default)]
struct Seen {
    /// Offset and value of the written flags.
    flags: Option<(u64, u8)>,
    has_exif: bool,
    drawn: bool,
}

/// Cleans the file; returns whether there are pixels.
pub(super) fn walk(source: &mut Source<'_>, sink: &mut Sink<'_>) -> io::Result<bool> {
    let header = source.up_to(HEADER)?;
    let said = header.get(4..8).and_then(|length| length.try_into().ok()).map_or(0, u32::from_le_bytes);
    let end = u64::from(said) + 8;
    sink.put_own(&header, &header)?;
    let mut seen = Seen::default();
    while source.at() != end && source.left() >= AROUND {
        chunk(source, sink, &mut seen)?;
    }
    if let Some((at, flags)) = seen.flags {
        let right = flags & !(HAS_EXIF | HAS_XMP) | if seen.has_exif { HAS_EXIF } else { 0 };
        if right != flags {
            sink.differs();
            sink.patch(at, &[right])?;
        }
    }
    let length = u32::try_from(sink.written().saturating_sub(8)).map_err(io::Error::other)?;
    if length != said {
        sink.differs();
        sink.patch(4, &length.to_le_bytes())?;
    }
    Ok(seen.drawn)
}

fn chunk(source: &mut Source<'_>, sink: &mut Sink<'_>, seen: &mut Seen) -> io::Result<()> {
    let Some([a, b, c, d, length @ ..]) = source.array::<8>()? else { return Ok(()) };
    let (name, said) = ([a, b, c, d], u64::from(u32::from_le_bytes(length)));
    let from = source.at();
    let length = said.min(source.left());
    match &name {
        b"EXIF" => {
            let read = source.up_to(length.min(exif::READ))?;
            // Some programs write the prefix of JPEG.
            let block = read.strip_prefix(b"Exif\0\0").unwrap_or(&read);
            if let Some(upright) = exif::upright(block).filter(|_| !seen.has_exif) {
                seen.has_exif = true;
                put_name(sink, name, upright.len() as u64)?;
                sink.put_own(&upright, &read)?;
            }
        }
        b"VP8X" if length == 10 && seen.flags.is_none() => {
            put_name(sink, name, length)?;
            let content = source.up_to(length)?;
            seen.flags = content.first().map(|flags| (sink.written(), *flags));
            sink.put(&content)?;
        }
        b"VP8 " | b"VP8L" | b"ALPH" | b"ICCP" | b"ANIM" if length > 0 => {
            seen.drawn |= matches!(&name, b"VP8 " | b"VP8L");
            put_name(sink, name, length)?;
            sink.copy(source, length)?;
            pad(sink, length)?;
        }
        b"ANMF" if length >= FRAME => frame(source, sink, seen, length)?,
        _ => {}
    }
    source.go(from + said + said % 2)
}

/// Copies a frame of an animation, which has chunks too.
fn frame(source: &mut Source<'_>, sink: &mut Sink<'_>, seen: &mut Seen, length: u64) -> io::Result<()> {
    let end = source.at() + length;
    let begun = sink.written();
    put_name(sink, *b"ANMF", length)?;
    sink.copy(source, FRAME)?;
    while source.at() + AROUND <= end {
        let Some([a, b, c, d, said @ ..]) = source.array::<8>()? else { break };
        let said = u64::from(u32::from_le_bytes(said));
        let (name, from, length) = ([a, b, c, d], source.at(), said.min(end - source.at()));
        if matches!(&name, b"VP8 " | b"VP8L" | b"ALPH") {
            seen.drawn |= &name != b"ALPH";
            put_name(sink, name, length)?;
            sink.copy(source, length)?;
            pad(sink, length)?;
        }
        source.go((from + said + said % 2).min(end))?;
    }
    let written = u32::try_from(sink.written() - begun - AROUND).map_err(io::Error::other)?;
    if u64::from(written) != length {
        sink.differs();
        sink.patch(begun + 4, &written.to_le_bytes())?;
    }
    Ok(())
}

fn put_name(sink: &mut Sink<'_>, name: [u8; 4], length: u64) -> io::Result<()> {
    let length = u32::try_from(length).map_err(io::Error::other)?;
    let named = [name, length.to_le_bytes()].concat();
    sink.put_own(&named, &named)
}

fn pad(sink: &mut Sink<'_>, length: u64) -> io::Result<()> {
    match length % 2 {
        0 => Ok(()),
        _ => sink.put_own(&[0], &[0]),
    }
}
