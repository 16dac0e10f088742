//! The bytes of an event that its hash covers: all that is stored of it, as it is stored, but its position.
//!
//! Personal values are covered as ciphertext: an erasure destroys a key and changes no byte here. The position is left
//! out because it belongs to one log: a history that was copied to another keeps its hashes.
//!
//! ```text
//! "veche.event.v1"                    14 bytes, without a length
//! length of the stream's name, name   8 bytes big-endian, then UTF-8
//! revision                            8 bytes big-endian
//! event id                            16 bytes
//! length of the kind, kind            8 bytes big-endian, then UTF-8
//! length of the data, data            8 bytes big-endian, then the bytes
//! length of the metadata, metadata    8 bytes big-endian, then the bytes
//! ```

use event_log::RawEvent;

/// What the bytes begin with: nothing else that is ever hashed here does.
const TAG: &[u8] = b"veche.event.v1";

/// Hands the bytes of an event to `take`, piece by piece.
pub fn write(event: &RawEvent, take: &mut impl FnMut(&[u8])) {
    take(TAG);
    sized(event.stream.as_str().as_bytes(), take);
    take(&event.revision.to_be_bytes());
    take(event.id.0.as_bytes());
    sized(event.kind.as_bytes(), take);
    sized(&event.data, take);
    sized(&event.meta, take);
}

/// The length first: no two lists of pieces have the same bytes.
fn sized(piece: &[u8], take: &mut impl FnMut(&[u8])) {
    take(&(piece.len() as u64).to_be_bytes());
    take(piece);
}
