//! Canonical bytes of an event, which its hash covers: everything stored but the position.
//!
//! Personal values are covered as ciphertext: an erasure destroys a key and changes no byte here. The position is left
//! out because it belongs to one log: a copied history keeps its hashes.
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

/// Tag at the beginning; nothing else that is hashed here begins with it.
const TAG: &[u8] = b"veche.event.v1";

/// Passes the canonical bytes of an event to `take`, piece by piece.
pub fn write(event: &RawEvent, take: &mut impl FnMut(&[u8])) {
    take(TAG);
    sized(event.stream.as_str().as_bytes(), take);
    take(&event.revision.to_be_bytes());
    take(event.id.0.as_bytes());
    sized(event.kind.as_bytes(), take);
    sized(&event.data, take);
    sized(&event.meta, take);
}

/// Writes the length first, so that no two lists of pieces have the same bytes.
fn sized(piece: &[u8], take: &mut impl FnMut(&[u8])) {
    take(&(piece.len() as u64).to_be_bytes());
    take(piece);
}
