//! In-place changes of files with absolute offsets: nothing moves, metadata is overwritten with zeros.

use super::{
    CleanError,
    stream::{Sink, Source},
};
use std::{io, ops::Range};

/// Maximum number of changes of a file.
const MOST: usize = 200_000;
const ZEROS: [u8; 4_096] = [0; 4_096];

/// The changes of a file.
#[derive(Debug, Default)]
pub(super) struct Plan(Vec<Edit>);

#[derive(Debug)]
struct Edit {
    place: Range<u64>,
    /// The replacement; `None` for zeros.
    ours: Option<Vec<u8>>,
}

impl Plan {
    /// Zeros a range.
    ///
    /// # Errors
    /// [`CleanError::Hidden`] if there are too many changes.
    pub(super) fn blank(&mut self, place: Range<u64>) -> Result<(), CleanError> {
        match self.0.last_mut() {
            _ if place.is_empty() => return Ok(()),
            Some(Edit { place: last, ours: None }) if last.end == place.start => last.end = place.end,
            _ => self.0.push(Edit { place, ours: None }),
        }
        if self.0.len() > MOST { Err(CleanError::Hidden) } else { Ok(()) }
    }

    /// Replaces bytes, outside of zeroed ranges.
    pub(super) fn over(&mut self, at: u64, ours: Vec<u8>) {
        self.0.push(Edit { place: at..at + ours.len() as u64, ours: Some(ours) });
    }

    /// Copies the whole file with the changes. Unchanged bytes in the ranges `watched` are scanned for metadata
    /// marks.
    pub(super) fn carry_out(
        mut self,
        source: &mut Source<'_>,
        sink: &mut Sink<'_>,
        watched: &[Range<u64>],
    ) -> io::Result<()> {
        self.0.sort_by_key(|edit| edit.place.start);
        source.go(0)?;
        for Edit { place, ours } in self.0 {
            let before = place.start.saturating_sub(source.at());
            copy(source, sink, before, watched)?;
            let passed = source.at() - place.start.min(source.at());
            let count = place.end.saturating_sub(source.at());
            match ours {
                None => source.each(count, |piece| {
                    piece.chunks(ZEROS.len()).try_for_each(|part| sink.put_own(&ZEROS[..part.len()], part))
                })?,
                Some(ours) => {
                    let read = source.up_to(count)?;
                    let from = usize::try_from(passed).unwrap_or(usize::MAX).min(ours.len());
                    let ours = &ours[from..];
                    sink.put_own(&ours[..read.len().min(ours.len())], &read)?;
                }
            }
        }
        let rest = source.left();
        copy(source, sink, rest, watched)
    }
}

fn copy(source: &mut Source<'_>, sink: &mut Sink<'_>, count: u64, watched: &[Range<u64>]) -> io::Result<()> {
    let end = source.at() + count.min(source.left());
    while source.at() < end {
        let at = source.at();
        let within = watched.iter().find(|range| range.contains(&at));
        let next = watched.iter().map(|range| range.start).filter(|start| *start > at).min();
        let stop = within.map(|range| range.end).or(next).unwrap_or(end).min(end);
        source.each(stop - at, |piece| match within {
            Some(_) => sink.put(piece),
            None => sink.put_own(piece, piece),
        })?;
    }
    Ok(())
}
