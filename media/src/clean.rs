//! Removes the metadata that cameras and programs write into pictures and films: place, time, device, owner.
//! Pixels, colour profiles and orientation stay.
//!
//! The file is walked from its first to its last byte, whatever its size and number of pixels: nothing is decoded,
//! and at most one segment is in memory. Segments needed for display are copied, all others are dropped; in formats
//! with absolute offsets they are overwritten with zeros in place (`plan.rs`). Truncated files and files with stray
//! bytes are repaired. The result is an [`Outcome`]; a file that cannot be cleaned safely fails with
//! [`CleanError::Hidden`].

mod boxes;
mod exif;
mod film;
mod gif;
mod heif;
mod iso_media;
mod jpeg;
mod marks;
mod plan;
mod png;
mod stream;
mod tiff;
mod webp;

use std::io::{self, Read, Seek, Write};
use stream::{Sink, Source};

pub use marks::hides_metadata;

/// Reads and seeks.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// Writes and seeks.
pub trait WriteSeek: Write + Seek {}
impl<T: Write + Seek> WriteSeek for T {}

/// The result of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The file has no metadata: output equals input.
    NothingToClean,
    /// The output is the file without metadata.
    Cleaned,
    /// No pixels were found: the file is not of the type it claims. The output has no metadata.
    NotReadableAsClaimed,
}

/// Why a file was not cleaned.
#[derive(Debug, thiserror::Error)]
pub enum CleanError {
    /// Metadata was found in a place where it cannot be removed safely.
    #[error("metadata is hidden in the file")]
    Hidden,
    /// The file could not be read, or the result not written.
    #[error("cleaning: {0}")]
    Storage(#[from] io::Error),
}

/// File formats that can be cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// ITU-T T.81.
    Jpeg,
    /// ISO/IEC 15948, with APNG.
    Png,
    /// GIF 87a and 89a.
    Gif,
    /// RFC 9649.
    WebP,
    /// TIFF 6.0, DNG, and raw files in the same format.
    Tiff,
    /// ISO/IEC 23008-12: HEIC, AVIF.
    Heif,
    /// Films and sound in ISO/IEC 14496-12 boxes: MP4, QuickTime, 3GP, M4A.
    Film,
}

impl Format {
    /// The format of a media type, as returned by [`crate::sniff`].
    pub fn of(content_type: &str) -> Option<Self> {
        match content_type {
            "image/jpeg" => Some(Self::Jpeg),
            "image/png" => Some(Self::Png),
            "image/gif" => Some(Self::Gif),
            "image/webp" => Some(Self::WebP),
            "image/tiff" => Some(Self::Tiff),
            "image/heic" | "image/avif" => Some(Self::Heif),
            "video/mp4" | "video/quicktime" | "video/3gpp" | "audio/mp4" => Some(Self::Film),
            _ => None,
        }
    }
}

/// Copies a file without its metadata. Blocks the thread.
///
/// # Errors
/// [`CleanError`]; the output must be discarded.
pub fn clean(format: Format, from: &mut dyn ReadSeek, to: &mut dyn WriteSeek) -> Result<Outcome, CleanError> {
    let (mut source, mut sink) = (Source::new(from)?, Sink::new(to));
    let has_pixels = match format {
        Format::Jpeg => jpeg::walk(&mut source, &mut sink)?,
        Format::Png => png::walk(&mut source, &mut sink)?,
        Format::Gif => gif::walk(&mut source, &mut sink)?,
        Format::WebP => webp::walk(&mut source, &mut sink)?,
        Format::Tiff => tiff::walk(&mut source, &mut sink)?,
        Format::Heif => iso_media::walk(&mut source, &mut sink, true)?,
        Format::Film => iso_media::walk(&mut source, &mut sink, false)?,
    };
    let same = sink.finish(source.length())?;
    Ok(match (has_pixels, same) {
        (false, _) => Outcome::NotReadableAsClaimed,
        (true, true) => Outcome::NothingToClean,
        (true, false) => Outcome::Cleaned,
    })
}

#[cfg(test)]
mod tests;
