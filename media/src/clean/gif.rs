//! Cleans GIF 89a: keeps blocks up to the trailer. Comments, plain texts and application blocks are dropped, except
//! those with an animation's loop count and its colours. A truncated file gets a trailer.

use super::stream::{Sink, Source};
use std::io;

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2c;
const TRAILER: u8 = 0x3b;
const CONTROL: u8 = 0xf9;
const APPLICATION: u8 = 0xff;
/// Application blocks that stay.
const KEPT: [&[u8; 11]; 3] = [b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"];

/// Cleans the file; returns whether there are pixels.
pub(super) fn walk(source: &mut Source<'_>, sink: &mut Sink<'_>) -> io::Result<bool> {
    let header = source.up_to(13)?;
    sink.put(&header)?;
    let Some(flags) = header.get(10) else { return Ok(false) };
    sink.copy(source, colours(*flags))?;
    let mut drawn = false;
    loop {
        match source.byte()? {
            Some(EXTENSION) => extension(source, sink)?,
            Some(IMAGE) => match image(source, sink)? {
                true => drawn = true,
                false => break,
            },
            Some(TRAILER) => {
                sink.put(&[TRAILER])?;
                return Ok(drawn);
            }
            Some(_) | None => break,
        }
    }
    sink.put_own(&[TRAILER], &[])?;
    Ok(drawn)
}

/// Length of a colour table, in bytes.
fn colours(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn extension(source: &mut Source<'_>, sink: &mut Sink<'_>) -> io::Result<()> {
    let Some(label) = source.byte()? else { return Ok(()) };
    let (from, size) = (source.at(), source.byte()?);
    let first = source.up_to(size.unwrap_or_default().into())?;
    source.go(from)?;
    let kept = match label {
        CONTROL => first.len() == 4,
        APPLICATION => KEPT.iter().any(|kept| first == kept[..]),
        _ => false,
    };
    if kept {
        sink.put(&[EXTENSION, label])?;
    }
    blocks(source, &mut |piece| if kept { sink.put(piece) } else { Ok(()) })
}

/// Copies one image; returns whether it has pixels.
fn image(source: &mut Source<'_>, sink: &mut Sink<'_>) -> io::Result<bool> {
    let Some(placed) = source.array::<9>()? else { return Ok(false) };
    let table = source.up_to(colours(placed[8]))?;
    let Some(code_size) = source.byte()?.filter(|size| (1..=8).contains(size)) else { return Ok(false) };
    sink.put(&[IMAGE])?;
    sink.put(&placed)?;
    sink.put(&table)?;
    sink.put(&[code_size])?;
    blocks(source, &mut |piece| sink.put(piece))?;
    Ok(true)
}

/// Passes blocks to `put`, up to the empty one, which is added to a truncated file.
fn blocks(source: &mut Source<'_>, put: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    loop {
        let Some(size) = source.byte()? else { return put(&[0]) };
        let block = source.up_to(size.into())?;
        if block.len() < usize::from(size) {
            // The last pixels of a truncated file.
            if let Some(rest) = u8::try_from(block.len()).ok().filter(|rest| *rest > 0) {
                put(&[rest])?;
                put(&block)?;
            }
            return put(&[0]);
        }
        put(&[size])?;
        put(&block)?;
        if size == 0 {
            return Ok(());
        }
    }
}
