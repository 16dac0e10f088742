//! Cleans TIFF 6.0, DNG and raw files in the same format. Directories keep the fields needed to display the picture
//! in its colours; the values of all others are zeroed in place.

use super::{
    CleanError,
    plan::Plan,
    stream::{Sink, Source},
};
use std::{collections::BTreeSet, io};

/// Maximum number of directories of a file.
const MOST_DIRECTORIES: usize = 256;
/// Maximum number of fields of a directory.
const MOST_FIELDS: u16 = 4_096;

const SUBDIRECTORIES: u16 = 330;
/// Tags of the directories for EXIF, GPS and interoperability.
const TELLING: [u16; 3] = [34_665, 34_853, 40_965];

/// One directory entry.
struct Field {
    tag: u16,
    /// The raw entry.
    entry: Vec<u8>,
    /// Offset and length of its value, if the value does not fit into the entry.
    value: Option<(u64, u64)>,
    /// Whether the value's type is known.
    known: bool,
}

struct Reader<'a, 'b> {
    source: &'a mut Source<'b>,
    big: bool,
    plan: Plan,
    seen: BTreeSet<u64>,
    has_pixels: bool,
}

/// Cleans the file; returns whether there are pixels.
pub(super) fn walk(source: &mut Source<'_>, sink: &mut Sink<'_>) -> Result<bool, CleanError> {
    let head = source.up_to(8)?;
    let big = head.starts_with(b"MM");
    let mut reader = Reader { source, big, plan: Plan::default(), seen: BTreeSet::new(), has_pixels: false };
    let mut next = head.get(4..8).map_or(0, |at| reader.number(at));
    while next != 0 && reader.seen.insert(next) {
        next = reader.directory(next)?;
    }
    let Reader { plan, has_pixels, .. } = reader;
    if !has_pixels {
        return Err(CleanError::Hidden); // nothing says what its bytes are
    }
    let whole = 0..source.length();
    plan.carry_out(source, sink, &[whole])?;
    Ok(true)
}

impl Reader<'_, '_> {
    fn number(&self, bytes: &[u8]) -> u64 {
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.big { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
    }

    /// Reads the fields of a directory, and the offset after them.
    fn fields(&mut self, at: u64) -> Result<(Vec<Field>, u64), CleanError> {
        if self.seen.len() > MOST_DIRECTORIES {
            return Err(CleanError::Hidden);
        }
        self.source.go(at)?;
        let count = self.source.array::<2>()?.map_or(0, |count| self.number(&count));
        if count > u64::from(MOST_FIELDS) {
            return Err(CleanError::Hidden);
        }
        let bytes = self.source.up_to(12 * count)?;
        if (bytes.len() as u64) < 12 * count {
            return Err(CleanError::Hidden); // what the lost fields speak of is still there
        }
        let fields = bytes.chunks_exact(12).map(|entry| self.field(entry)).collect();
        Ok((fields, at + 2 + bytes.len() as u64))
    }

    fn field(&self, entry: &[u8]) -> Field {
        let width = match self.number(&entry[2..4]) {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => 0,
        };
        let length = self.number(&entry[4..8]) * width;
        let value = (length > 4).then(|| (self.number(&entry[8..12]), length));
        let tag = u16::try_from(self.number(&entry[..2])).unwrap_or_default();
        Field { tag, entry: entry.to_vec(), value, known: width > 0 }
    }

    /// Plans the removals in a directory of pictures; returns the offset of the next one.
    fn directory(&mut self, at: u64) -> Result<u64, CleanError> {
        let (fields, end) = self.fields(at)?;
        self.source.go(end)?;
        let next = self.source.array::<4>()?.unwrap_or_default();
        let count = fields.len();
        let (kept, gone): (Vec<Field>, Vec<Field>) = fields.into_iter().partition(|field| stays(field.tag));
        for field in &gone {
            self.blank(field)?;
        }
        for field in &kept {
            self.has_pixels |= matches!(field.tag, 273 | 324 | 513);
            if field.tag == SUBDIRECTORIES {
                for at in self.places(field)? {
                    if self.seen.insert(at) {
                        self.directory(at)?;
                    }
                }
            }
        }
        if !gone.is_empty() {
            self.write(at, &kept, count, next)?;
        }
        Ok(self.number(&next))
    }

    /// Rewrites a directory with the kept fields only.
    fn write(&mut self, at: u64, kept: &[Field], count: usize, next: [u8; 4]) -> io::Result<()> {
        let number = u16::try_from(kept.len()).map_err(io::Error::other)?;
        let mut bytes = if self.big { number.to_be_bytes() } else { number.to_le_bytes() }.to_vec();
        bytes.extend(kept.iter().flat_map(|field| &field.entry));
        bytes.extend(next);
        bytes.resize(2 + 12 * count + 4, 0);
        // The last directory of a truncated file may lack the offset of the next one.
        let there = usize::try_from(self.source.length().saturating_sub(at)).unwrap_or(usize::MAX);
        bytes.truncate(there);
        self.plan.over(at, bytes);
        Ok(())
    }

    /// Zeros the value of a field, and if it is a directory, all of that.
    fn blank(&mut self, field: &Field) -> Result<(), CleanError> {
        if !field.known {
            return Err(CleanError::Hidden); // how long its value is nobody knows
        }
        if TELLING.contains(&field.tag) {
            for at in self.places(field)? {
                if at != 0 && self.seen.insert(at) {
                    let (fields, end) = self.fields(at)?;
                    for inner in &fields {
                        self.blank(inner)?;
                    }
                    self.plan.blank(at..(end + 4).min(self.source.length()))?;
                }
            }
        }
        if let Some((at, length)) = field.value {
            let end = at.saturating_add(length).min(self.source.length());
            self.plan.blank(at.min(end)..end)?;
        }
        Ok(())
    }

    /// The offsets in a field.
    fn places(&mut self, field: &Field) -> io::Result<Vec<u64>> {
        let bytes = match field.value {
            None => {
                let count = usize::try_from(self.number(&field.entry[4..8])).unwrap_or_default();
                field.entry[8..8 + 4 * count.min(1)].to_vec()
            }
            Some((at, length)) => {
                self.source.go(at)?;
                self.source.up_to(length.min(4 * MOST_DIRECTORIES as u64))?
            }
        };
        Ok(bytes.chunks_exact(4).map(|place| self.number(place)).collect())
    }
}

/// Whether a field is needed for display: the layout of its pixels, and their colours.
fn stays(tag: u16) -> bool {
    matches!(
        tag,
        254..=259 | 262..=266 | 273 | 274 | 277..=284 | 288..=293 | 296 | 297 | 301 | 317..=325 | 330 | 332 | 334
            | 336 | 338..=347 | 512..=515 | 517..=521 | 529..=532
            // Raw files: how light is measured, and which colours result.
            | 33_421 | 33_422 | 34_675 | 37_399 | 50_706 | 50_707 | 50_710..=50_734 | 50_736..=50_739 | 50_778..=50_780
            | 50_829..=50_834 | 50_879 | 50_931..=50_935 | 50_937..=50_941 | 50_964..=50_970 | 50_973..=50_975
            | 50_981 | 50_982 | 51_008 | 51_009 | 51_022 | 51_041 | 51_089..=51_091 | 51_107..=51_112
    )
}
