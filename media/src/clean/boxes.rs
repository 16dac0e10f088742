//! The boxes of ISO/IEC 14496-12, which HEIC, AVIF, MP4, QuickTime and 3GP files consist of.
//!
//! Boxes refer to absolute offsets in the file, so nothing may move: a box that is not needed for display is
//! renamed to `free`, which readers skip, and its content is zeroed.

use super::{CleanError, plan::Plan, stream::Source};
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
