//! Cleans films and sound in boxes: removes user data, metadata, creation times, and tracks other than video, audio
//! and text, because cameras write their position into data tracks.

use super::{
    CleanError,
    boxes::{Found, next},
    plan::Plan,
    stream::Source,
};

/// Kinds of tracks that stay.
const SHOWN: [&[u8; 4]; 9] =
    [b"vide", b"soun", b"text", b"sbtl", b"subt", b"clcp", b"pict", b"auxv", b"hint"];
/// Maximum number of chunks of a removed track.
const MOST: u64 = 200_000;

/// Whether all tracks of a film stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracks {
    /// All tracks stay.
    Kept,
    /// At least one track is removed.
    Dropped,
}

/// Plans the changes of the box `moov`.
pub(super) fn plan(source: &mut Source<'_>, moov: &Found, plan: &mut Plan) -> Result<Tracks, CleanError> {
    let mut tracks = Tracks::Kept;
    source.go(moov.content)?;
    while let Some(found) = next(source, moov.end)? {
        match &found.name {
            b"mvhd" => no_times(source, &found, plan)?,
            b"trak" => {
                if !stays(source, &found, plan)? {
                    tracks = Tracks::Dropped;
                }
            }
            b"mvex" | b"iods" | b"pssh" | b"cmov" | b"rmra" => {}
            _ => found.free(plan)?,
        }
        source.go(found.end)?;
    }
    Ok(tracks)
}

/// Plans to zero the creation and modification times.
fn no_times(source: &mut Source<'_>, found: &Found, plan: &mut Plan) -> Result<(), CleanError> {
    source.go(found.content)?;
    let times = if source.byte()? == Some(1) { 16 } else { 8 };
    plan.blank(found.content + 4..(found.content + 4 + times).min(found.end))
}

/// Plans the changes of a track; returns whether the track stays.
fn stays(source: &mut Source<'_>, track: &Found, plan: &mut Plan) -> Result<bool, CleanError> {
    if let Some(media) = child(source, track, *b"mdia")? {
        let handler = child(source, &media, *b"hdlr")?;
        let kind = match handler {
            Some(handler) => {
                source.go(handler.content + 8)?;
                source.array::<4>()?
            }
            None => None,
        };
        if !kind.is_some_and(|kind| SHOWN.contains(&&kind)) {
            no_samples(source, &media, plan)?;
            track.free(plan)?;
            return Ok(false);
        }
        if let Some(head) = child(source, &media, *b"mdhd")? {
            no_times(source, &head, plan)?;
        }
    }
    source.go(track.content)?;
    while let Some(found) = next(source, track.end)? {
        match &found.name {
            b"tkhd" => no_times(source, &found, plan)?,
            b"edts" | b"tref" | b"mdia" | b"load" | b"tapt" | b"clip" | b"matt" | b"imap" | b"trgr" => {}
            _ => found.free(plan)?,
        }
        source.go(found.end)?;
    }
    Ok(true)
}

fn child(source: &mut Source<'_>, of: &Found, name: [u8; 4]) -> Result<Option<Found>, CleanError> {
    source.go(of.content)?;
    while let Some(found) = next(source, of.end)? {
        if found.name == name {
            return Ok(Some(found));
        }
        source.go(found.end)?;
    }
    Ok(None)
}

/// Plans to zero the samples of a removed track.
fn no_samples(source: &mut Source<'_>, media: &Found, plan: &mut Plan) -> Result<(), CleanError> {
    let Some(info) = child(source, media, *b"minf")? else { return Ok(()) };
    let Some(table) = child(source, &info, *b"stbl")? else { return Ok(()) };
    let runs = rows(source, &table, *b"stsc", 4, 12)?;
    let sizes = sizes(source, &table)?;
    let mut places = rows(source, &table, *b"stco", 4, 4)?;
    places.extend(rows(source, &table, *b"co64", 4, 8)?);
    let mut sizes = sizes.into_iter();
    let mut runs = runs.iter().map(|row| (number(&row[..4]), number(&row[4..8]))).peekable();
    let mut in_each = 0;
    for (chunk, place) in (1..).zip(places) {
        while let Some((_, samples)) = runs.next_if(|(first, _)| *first <= chunk) {
            in_each = samples;
        }
        let from = number(&place);
        let size: u64 = (0..in_each.min(MOST)).map_while(|_| sizes.next()).fold(0, u64::saturating_add);
        plan.blank(from.min(source.length())..from.saturating_add(size).min(source.length()))?;
    }
    Ok(())
}

/// The sizes of a track's samples, in bytes.
fn sizes(source: &mut Source<'_>, table: &Found) -> Result<Vec<u64>, CleanError> {
    let Some(found) = child(source, table, *b"stsz")? else {
        // A compact form that no camera writes: what it hides is unknown.
        return match child(source, table, *b"stz2")? {
            Some(_) => Err(CleanError::Hidden),
            None => Ok(vec![]),
        };
    };
    source.go(found.content + 4)?;
    let Some(head) = source.array::<8>()? else { return Ok(vec![]) };
    match (number(&head[..4]), number(&head[4..])) {
        (_, count) if count > MOST => Err(CleanError::Hidden),
        (0, _) => Ok(rows(source, table, *b"stsz", 8, 4)?.iter().map(|row| number(row)).collect()),
        (each, count) => Ok(vec![each; usize::try_from(count).unwrap_or_default()]),
    }
}

/// Reads the rows of a table, `width` bytes each; the number of rows is at offset `at` of its content.
fn rows(
    source: &mut Source<'_>,
    table: &Found,
    name: [u8; 4],
    before: u64,
    width: usize,
) -> Result<Vec<Vec<u8>>, CleanError> {
    let Some(found) = child(source, table, name)? else { return Ok(vec![]) };
    source.go(found.content + before)?;
    let Some(count) = source.array::<4>()?.map(|count| number(&count)) else { return Ok(vec![]) };
    if count > MOST {
        return Err(CleanError::Hidden);
    }
    let there = found.end.saturating_sub(source.at());
    let bytes = source.up_to(there.min(count * width as u64))?;
    Ok(bytes.chunks_exact(width).map(<[u8]>::to_vec).collect())
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
