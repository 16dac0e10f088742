//! Cleans files of ISO/IEC 14496-12 boxes: HEIC, AVIF, MP4, QuickTime, 3GP.
//!
//! Boxes refer to absolute offsets in the file, so nothing may move: a box that is not needed for display is
//! renamed to `free`, which readers skip, and its content is zeroed.

use super::{
    CleanError, film, heif,
    plan::Plan,
    stream::{Sink, Source},
};
use std::io;

/// A box and its offsets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) name: [u8; 4],
    /// Offsets of the start of its head, of its content, and of its end.
    pub(super) from: u64,
    pub(super) content: u64,
    pub(super) end: u64,
}

impl Found {
    /// Plans to turn it into an empty box of the same length.
    pub(super) fn free(&self, plan: &mut Plan) -> Result<(), CleanError> {
        plan.over(self.from + 4, b"free".to_vec());
        plan.blank(self.content..self.end)
    }
}

/// Reads the box at the current offset, within `end`; `None` if there is none. A truncated box ends at `end`.
pub(super) fn next(source: &mut Source<'_>, end: u64) -> io::Result<Option<Found>> {
    let from = source.at();
    if end.saturating_sub(from) < 8 {
        return Ok(None);
    }
    let Some([a, b, c, d, name @ ..]) = source.array::<8>()? else { return Ok(None) };
    let (size, head) = match u32::from_be_bytes([a, b, c, d]) {
        0 => (end - from, 8),
        1 => match source.array::<8>()? {
            Some(size) => (u64::from_be_bytes(size), 16),
            None => return Ok(None),
        },
        size => (u64::from(size), 8),
    };
    let end = from.saturating_add(size).min(end);
    let found = Found { name, from, content: from + head, end };
    Ok((size >= head && found.content <= end).then_some(found))
}

/// Cleans the file; returns whether there is something to display. The content of pictures is scanned for metadata
/// marks.
pub(super) fn walk(
    source: &mut Source<'_>,
    sink: &mut Sink<'_>,
    is_picture: bool,
) -> Result<bool, CleanError> {
    let (mut plan, length) = (Plan::default(), source.length());
    let (mut items, mut film, mut contents) = (None, None, vec![]);
    let (mut behind, mut has_fragments) = (0, false);
    while let Some(found) = next(source, length)? {
        match &found.name {
            b"moof" => has_fragments = true,
            b"ftyp" | b"styp" | b"sidx" | b"ssix" | b"mfra" | b"prft" | b"pdin" | b"wide" => {}
            b"mdat" => contents.push(found.content..found.end),
            b"moov" => film = Some(film::plan(source, &found, &mut plan)?),
            b"meta" if items.is_none() => match heif::items(source, &found)? {
                Some(found) => items = Some(found),
                None => found.free(&mut plan)?,
            },
            _ => found.free(&mut plan)?,
        }
        behind = found.end;
        source.go(behind)?;
    }
    // Bytes after the last box are not a box.
    plan.blank(behind..length)?;
    let has_pictures = match items {
        Some(items) => items.plan(&mut plan, if film.is_some() { &[] } else { &contents })?,
        // Without a description it is unknown which of the contents is metadata.
        None if is_picture && film.is_none() && !contents.is_empty() => return Err(CleanError::Hidden),
        None => false,
    };
    if has_fragments && film == Some(film::Tracks::Dropped) {
        return Err(CleanError::Hidden); // the pieces of the track that goes lie among the fragments
    }
    // Names of items in the other boxes look like metadata.
    plan.carry_out(source, sink, if is_picture { &contents } else { &[] })?;
    Ok(!contents.is_empty() && (film.is_some() || has_pictures))
}
