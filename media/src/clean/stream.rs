//! Input and output of a walk.

use super::{CleanError, ReadSeek, WriteSeek, marks::Watch};
use std::io::{self, BufRead, BufReader, Read, SeekFrom};

/// Bytes per read.
const BUFFER: usize = 64 * 1024;

/// The input file.
pub(super) struct Source<'a> {
    reader: BufReader<&'a mut dyn ReadSeek>,
    at: u64,
    length: u64,
}

impl<'a> Source<'a> {
    pub(super) fn new(from: &'a mut dyn ReadSeek) -> io::Result<Self> {
        let length = from.seek(SeekFrom::End(0))?;
        from.rewind()?;
        Ok(Self { reader: BufReader::with_capacity(BUFFER, from), at: 0, length })
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn left(&self) -> u64 {
        self.length - self.at
    }

    /// Seeks to an offset.
    pub(super) fn go(&mut self, to: u64) -> io::Result<()> {
        let to = to.min(self.length);
        let by = i64::try_from(to).and_then(|to| i64::try_from(self.at).map(|at| to - at));
        self.reader.seek_relative(by.map_err(io::Error::other)?)?;
        self.at = to;
        Ok(())
    }

    pub(super) fn skip(&mut self, count: u64) -> io::Result<()> {
        self.go(self.at.saturating_add(count))
    }

    pub(super) fn byte(&mut self) -> io::Result<Option<u8>> {
        Ok(self.array::<1>()?.map(|[byte]| byte))
    }

    /// Reads `N` bytes; `None` if there are fewer, which are consumed.
    pub(super) fn array<const N: usize>(&mut self) -> io::Result<Option<[u8; N]>> {
        let mut array = [0; N];
        if self.left() < N as u64 {
            self.go(self.length)?;
            return Ok(None);
        }
        self.reader.read_exact(&mut array)?;
        self.at += N as u64;
        Ok(Some(array))
    }

    /// Reads `count` bytes, or all that are left.
    pub(super) fn up_to(&mut self, count: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![];
        let read = (&mut self.reader).take(count).read_to_end(&mut bytes)?;
        self.at += read as u64;
        Ok(bytes)
    }

    /// Passes `count` bytes, or all that are left, to `put` in pieces.
    pub(super) fn each(
        &mut self,
        count: u64,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut left = count.min(self.left());
        while left > 0 {
            let piece = self.reader.fill_buf()?;
            if piece.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let used = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            take(&piece[..used])?;
            self.reader.consume(used);
            self.at += used as u64;
            left -= used as u64;
        }
        Ok(())
    }

    /// Passes the bytes before `byte`, or before the end, to `put`; returns whether the byte was found, which is
    /// not consumed.
    pub(super) fn until(
        &mut self,
        byte: u8,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        loop {
            let piece = self.reader.fill_buf()?;
            if piece.is_empty() {
                return Ok(false);
            }
            let found = memchr::memchr(byte, piece);
            let used = found.unwrap_or(piece.len());
            take(&piece[..used])?;
            self.reader.consume(used);
            self.at += used as u64;
            if found.is_some() {
                return Ok(true);
            }
        }
    }
}

/// The output of a walk.
pub(super) struct Sink<'a> {
    to: &'a mut dyn WriteSeek,
    written: u64,
    changed: bool,
    watch: Watch,
}

impl<'a> Sink<'a> {
    pub(super) fn new(to: &'a mut dyn WriteSeek) -> Self {
        Self { to, written: 0, changed: false, watch: Watch::default() }
    }

    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Writes bytes of the input.
    pub(super) fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.watch.look(bytes);
        self.write(bytes)
    }

    /// Copies `count` bytes of the input, or all that are left.
    pub(super) fn copy(&mut self, source: &mut Source<'_>, count: u64) -> io::Result<()> {
        source.each(count, |piece| self.put(piece))
    }

    /// Writes a replacement for bytes of the input; it is known not to be metadata.
    pub(super) fn put_own(&mut self, ours: &[u8], read: &[u8]) -> io::Result<()> {
        self.changed |= ours != read;
        self.watch.pass();
        self.write(ours)
    }

    /// Overwrites bytes that were written before.
    pub(super) fn patch(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.to.seek(SeekFrom::Start(at))?;
        self.to.write_all(bytes)?;
        self.to.seek(SeekFrom::Start(self.written)).map(drop)
    }

    /// Records that the output differs from the input, though it has the same length.
    pub(super) fn differs(&mut self) {
        self.changed = true;
    }

    /// Whether the output equals the input.
    pub(super) fn finish(mut self, read: u64) -> Result<bool, CleanError> {
        if self.watch.found() {
            return Err(CleanError::Hidden);
        }
        self.to.flush()?;
        Ok(!self.changed && self.written == read)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.to.write_all(bytes)
    }
}
