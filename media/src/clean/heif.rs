//! Cleans the items of a HEIF file (ISO/IEC 23008-12): pictures stay, metadata items are zeroed.
//!
//! The orientation is a property of a picture there (`irot`, `imir`) and stays; the orientation in EXIF does not
//! count.

use super::{
    CleanError,
    boxes::{Found, next},
    plan::Plan,
    stream::Source,
};
use std::{collections::BTreeMap, ops::Range};

/// Maximum size of the description of the items, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;
/// Maximum number of extents of all items.
const MOST: usize = 100_000;
/// Kinds of items that are pictures, or derive pictures from others.
const PICTURES: [&[u8; 4]; 15] = [
    b"hvc1", b"hev1", b"lhv1", b"av01", b"avc1", b"vvc1", b"evc1", b"jpeg", b"j2k1", b"unci", b"grid",
    b"iovl", b"iden", b"tmap", b"mask",
];
/// An empty EXIF block, with its header.
const EMPTY_EXIF: &[u8] = b"\0\0\0\0MM\0\x2a\0\0\0\x08\0\0\0\0\0\0";

/// An item and its extents.
#[derive(Debug)]
struct Item {
    id: u32,
    extents: Vec<Range<u64>>,
}

/// The items of a file.
#[derive(Debug, Default)]
pub(super) struct Items {
    kinds: BTreeMap<u32, [u8; 4]>,
    items: Vec<Item>,
    /// Boxes that describe the pictures and are not needed to display them.
    told: Vec<Found>,
}

/// Reads the box `meta` of a picture; `None` if it belongs to something else or is malformed.
pub(super) fn items(source: &mut Source<'_>, meta: &Found) -> Result<Option<Items>, CleanError> {
    if meta.end - meta.content > LARGEST {
        return Err(CleanError::Hidden);
    }
    let (mut items, mut is_picture, mut places, mut inner) = (Items::default(), false, None, None);
    source.go(meta.content + 4)?;
    while let Some(found) = next(source, meta.end)? {
        match &found.name {
            b"hdlr" => {
                source.go(found.content + 8)?;
                is_picture = source.array::<4>()? == Some(*b"pict");
            }
            b"iinf" => items.read_kinds(source, &found)?,
            b"iloc" => places = Some(found),
            b"idat" => inner = Some(found.content..found.end),
            b"iprp" => items.read_properties(source, &found)?,
            b"pitm" | b"iref" | b"dinf" | b"ipro" | b"grpl" => {}
            _ => items.told.push(found),
        }
        source.go(found.end)?;
    }
    let Some(places) = places.filter(|_| is_picture) else { return Ok(None) };
    source.go(places.content)?;
    let bytes = source.up_to(places.end - places.content)?;
    Ok(items.read_places(&bytes, inner, source.length())?.map(|()| items))
}

impl Items {
    fn read_kinds(&mut self, source: &mut Source<'_>, found: &Found) -> Result<(), CleanError> {
        source.go(found.content)?;
        let Some([version, ..]) = source.array::<4>()? else { return Ok(()) };
        source.skip(if version == 0 { 2 } else { 4 })?;
        while let Some(entry) = next(source, found.end)? {
            source.go(entry.content)?;
            let bytes = source.up_to((entry.end - entry.content).min(16))?;
            let mut words = Words { bytes: &bytes, at: 4 };
            let version = bytes.first().copied().unwrap_or_default();
            let id = words.number(if version == 2 { 2 } else { 4 }).and_then(|id| u32::try_from(id).ok());
            let kind = words.number(2).and_then(|_| bytes.get(words.at..words.at + 4));
            if let (Some(id), Some(kind), 2 | 3) = (id, kind.and_then(|kind| kind.try_into().ok()), version) {
                self.kinds.insert(id, kind);
            }
            source.go(entry.end)?;
        }
        Ok(())
    }

    /// Frees properties with descriptions and times; they keep their place, because properties are referred to by
    /// index.
    fn read_properties(&mut self, source: &mut Source<'_>, found: &Found) -> Result<(), CleanError> {
        while let Some(inner) = next(source, found.end)? {
            if &inner.name == b"ipco" {
                while let Some(property) = next(source, inner.end)? {
                    if matches!(&property.name, b"udes" | b"crtm" | b"mdft" | b"altt" | b"uuid" | b"free") {
                        self.told.push(property);
                    }
                    source.go(property.end)?;
                }
            }
            source.go(inner.end)?;
        }
        Ok(())
    }

    /// Reads the box `iloc`; `None` if it is malformed.
    fn read_places(
        &mut self,
        bytes: &[u8],
        inner: Option<Range<u64>>,
        length: u64,
    ) -> Result<Option<()>, CleanError> {
        let mut words = Words { bytes, at: 0 };
        let read = self.read_items(&mut words, inner, length);
        if self.items.iter().map(|item| item.extents.len()).sum::<usize>() > MOST {
            return Err(CleanError::Hidden);
        }
        Ok(read)
    }

    fn read_items(&mut self, words: &mut Words<'_>, inner: Option<Range<u64>>, length: u64) -> Option<()> {
        let version = words.number(4)? >> 24;
        let sizes = words.number(2)?;
        let size = |at: u32| usize::try_from(sizes >> at & 15).ok();
        let (offset_size, length_size, base_size, index_size) = (size(12)?, size(8)?, size(4)?, size(0)?);
        let id_size = if version < 2 { 2 } else { 4 };
        for _ in 0..words.number(id_size)? {
            let id = u32::try_from(words.number(id_size)?).ok()?;
            let method = if version > 0 { words.number(2)? & 15 } else { 0 };
            words.number(2)?;
            let base = words.number(base_size)?;
            let mut extents = vec![];
            for _ in 0..words.number(2)? {
                if version > 0 {
                    words.number(index_size)?;
                }
                let from = base.checked_add(words.number(offset_size)?)?;
                let said = words.number(length_size)?;
                let place = match method {
                    0 => 0..length,
                    1 => inner.clone()?,
                    // Extents within other items, which are cleaned themselves.
                    _ => continue,
                };
                let from = place.start.checked_add(from)?.min(place.end);
                let to = if said == 0 { place.end } else { from.saturating_add(said).min(place.end) };
                extents.push(from..to);
            }
            self.items.push(Item { id, extents });
        }
        Some(())
    }

    /// Plans the changes: only the bytes of pictures stay in `mdat`. Returns whether there are pictures.
    pub(super) fn plan(self, plan: &mut Plan, contents: &[Range<u64>]) -> Result<bool, CleanError> {
        for told in &self.told {
            told.free(plan)?;
        }
        let (pictures, others): (Vec<Item>, Vec<Item>) = self
            .items
            .into_iter()
            .partition(|item| self.kinds.get(&item.id).is_some_and(|kind| PICTURES.contains(&kind)));
        let mut kept: Vec<Range<u64>> = pictures.into_iter().flat_map(|item| item.extents).collect();
        let has_pictures = kept.iter().any(|range| !range.is_empty());
        for item in others {
            let is_exif = self.kinds.get(&item.id) == Some(b"Exif");
            for (number, extent) in item.extents.into_iter().enumerate() {
                let empty = EMPTY_EXIF.len() as u64;
                if is_exif && number == 0 && extent.end - extent.start >= empty {
                    plan.over(extent.start, EMPTY_EXIF.to_vec());
                    plan.blank(extent.start + empty..extent.end)?;
                    kept.push(extent.start..extent.start + empty);
                } else {
                    plan.blank(extent)?;
                }
            }
        }
        kept.sort_unstable_by_key(|range| range.start);
        for content in contents {
            let mut at = content.start;
            for range in kept.iter().filter(|range| range.end > content.start && range.start < content.end) {
                if range.start > at {
                    plan.blank(at..range.start)?;
                }
                at = at.max(range.end);
            }
            if at < content.end {
                plan.blank(at..content.end)?;
            }
        }
        Ok(has_pictures)
    }
}

/// Reads successive numbers of various widths.
struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Words<'_> {
    /// The next number, `width` bytes wide, at most 8; `None` at the end.
    fn number(&mut self, width: usize) -> Option<u64> {
        let bytes = self.bytes.get(self.at..self.at + width).filter(|_| width <= 8)?;
        self.at += width;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}
