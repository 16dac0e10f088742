//! Byte sequences that identify metadata anywhere in a file: compressed pixels do not contain them by chance.

use memchr::memmem::Finder;
use std::{
    io::{self, BufRead, BufReader, Read},
    sync::LazyLock,
};

/// The signatures of Exif, XMP and Photoshop blocks, and texts that they always contain.
const MARKS: [&[u8]; 8] = [
    b"Exif\0\0",
    b"ns.adobe.com/",
    b"<x:xmpmeta",
    b"<?xpacket",
    b"<rdf:RDF",
    b"Photoshop 3.0\0",
    b"GPSLatitude",
    b"XML:com.adobe.xmp",
];
const LONGEST: usize = 17;

/// Bytes searched at once.
const BUFFER: usize = 64 * 1024;

static FINDERS: LazyLock<[Finder<'static>; 8]> = LazyLock::new(|| MARKS.map(Finder::new));

/// Searches for marks in bytes that arrive in pieces of any size.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Unsearched bytes, after the last searched ones: a mark may be split over two pieces.
    buffer: Vec<u8>,
    found: bool,
}

impl Watch {
    pub(super) fn look(&mut self, piece: &[u8]) {
        if !self.found {
            self.buffer.extend_from_slice(piece);
            if self.buffer.len() >= BUFFER {
                self.search();
            }
        }
    }

    /// Marks a boundary that no mark spans.
    pub(super) fn pass(&mut self) {
        self.search();
        self.buffer.clear();
    }

    pub(super) fn found(&mut self) -> bool {
        self.search();
        self.found
    }

    fn search(&mut self) {
        self.found |= FINDERS.iter().any(|mark| mark.find(&self.buffer).is_some());
        self.buffer.drain(..self.buffer.len().saturating_sub(LONGEST - 1));
    }
}

/// Whether a file that is not a picture contains picture metadata. Blocks the thread.
///
/// # Errors
/// The file cannot be read.
pub fn hides_metadata(from: &mut dyn Read) -> io::Result<bool> {
    let (mut reader, mut watch) = (BufReader::with_capacity(64 * 1024, from), Watch::default());
    loop {
        let piece = reader.fill_buf()?;
        if piece.is_empty() || watch.found {
            return Ok(watch.found());
        }
        watch.look(piece);
        let used = piece.len();
        reader.consume(used);
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, MARKS, Watch, hides_metadata};

    #[test]
    fn mark_is_found_however_it_is_split() {
        assert_eq!(MARKS.iter().map(|mark| mark.len()).max(), Some(LONGEST));
        for mark in MARKS {
            let bytes = [b"......", mark, b"......"].concat();
            for size in 1..bytes.len() {
                let mut watch = Watch::default();
                bytes.chunks(size).for_each(|piece| watch.look(piece));
                assert!(watch.found(), "{mark:?} in pieces of {size}");
            }
            assert!(hides_metadata(&mut &bytes[..]).unwrap());
            assert!(!hides_metadata(&mut &bytes[..bytes.len() - 7]).unwrap());
        }
        let mut watch = Watch::default();
        watch.look(b"Exif");
        watch.pass();
        watch.look(b"\0\0");
        assert!(!watch.found());
    }
}
