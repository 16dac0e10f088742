//! Cleans files of ISO/IEC 14496-12 boxes: pictures (`heif.rs`) and films (`film.rs`).

use super::{
    CleanError,
    boxes::next,
    film, heif,
    plan::Plan,
    stream::{Sink, Source},
};

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
