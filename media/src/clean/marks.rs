//! Bytes by which metadata is known wherever it lies: no compressed pixels have them by chance.

use memchr::memmem::Finder;
use std::{
    io::{self, BufRead, BufReader, Read},
    sync::LazyLock,
};

/// How Exif, XMP and Photoshop's blocks begin, and what is in them in any case.
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

/// Bytes that are searched at once.
const BUFFER: usize = 64 * 1024;

static FINDERS: LazyLock<[Finder<'static>; 8]> = LazyLock::new(|| MARKS.map(Finder::new));

/// Searches for marks in bytes that arrive in pieces of any size.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Bytes that are not searched yet, behind the last ones that are: a mark may be cut between two pieces.
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

    /// Something else follows: no mark extends over it.
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

/// Whether a file that is no picture has metadata of one in it. Blocks.
///
/// # Errors
/// It cannot be read.
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
    fn a_mark_is_found_however_it_is_cut() {
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
