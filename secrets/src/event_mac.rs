//! The authentication code of stored events: HMAC-SHA-256 under a key derived from the master key. It shows that
//! this installation wrote the event at its place: write access to the log's database without the key can neither
//! add nor change an event.
//!
//! The code is the last field of the metadata, so it moves with the event to any log: `,"mac":"v1.{43 characters of
//! URL-safe base64}"}`. It covers (integers are 8 bytes, big-endian; every piece is preceded by its length):
//!
//! ```text
//! "veche.event-mac.v1" ‖ stream ‖ revision ‖ event id (16 bytes) ‖ kind ‖ data ‖ metadata without the field
//! ```
//!
//! The position is not covered: it belongs to one log, and a history can be copied to another.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use event_log::{NewEvent, RawEvent};
use events::{EventId, Revision, StreamName};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// The first covered bytes.
const TAG: &[u8] = b"veche.event-mac.v1";
/// The text between the metadata and the code.
const BEFORE: &[u8] = br#","mac":"v1."#;
/// The end of the metadata, after the code.
const AFTER: &[u8] = br#""}"#;
/// Length of 32 bytes in base64 without padding.
const CHARACTERS: usize = 43;
/// Growth of the metadata in bytes; the closing brace is replaced.
const SUFFIX: usize = BEFORE.len() + CHARACTERS + AFTER.len();

/// Makes and checks the codes of events. Cheap to clone.
#[derive(Clone)]
pub struct EventMac(Hmac<Sha256>);

/// The origin of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This installation wrote the event, at this place.
    Genuine,
    /// The event has no code: an earlier version of the program wrote it, or somebody else.
    Unmarked,
    /// The code does not match: the event was changed, moved, or made without the key.
    Forged,
}

/// An event without its code.
pub(crate) struct Unstamped<'e> {
    pub(crate) stream: &'e StreamName,
    pub(crate) revision: Revision,
    pub(crate) id: EventId,
    pub(crate) kind: &'e str,
    pub(crate) data: &'e [u8],
    /// A non-empty JSON object.
    pub(crate) meta: &'e [u8],
}

impl EventMac {
    pub(crate) fn new(key: &[u8; 64]) -> Self {
        Self(Hmac::new(key.into()))
    }

    /// The metadata with the code.
    pub(crate) fn stamp(&self, event: &Unstamped<'_>) -> Bytes {
        let code = self.over(event, &[event.meta]).finalize().into_bytes();
        let mut meta = Vec::with_capacity(event.meta.len() + SUFFIX);
        meta.extend(event.meta.strip_suffix(b"}").unwrap_or(event.meta));
        meta.extend(BEFORE);
        meta.extend(URL_SAFE_NO_PAD.encode(code).into_bytes());
        meta.extend(AFTER);
        meta.into()
    }

    /// Adds the code to an event, for tools that write to the log without a journal. The metadata must be a
    /// non-empty JSON object.
    #[must_use]
    pub fn mark(&self, stream: &StreamName, revision: Revision, event: NewEvent) -> NewEvent {
        let NewEvent { id, kind, data, meta } = &event;
        let meta = self.stamp(&Unstamped { stream, revision, id: *id, kind, data, meta });
        NewEvent { meta, ..event }
    }

    /// Checks who wrote an event.
    pub fn origin(&self, event: &RawEvent) -> Origin {
        let Some((meta, code)) = split(&event.meta) else { return Origin::Unmarked };
        let mut bytes = [0; 32];
        if URL_SAFE_NO_PAD.decode_slice(code, &mut bytes) != Ok(bytes.len()) {
            return Origin::Forged;
        }
        let event = Unstamped {
            stream: &event.stream,
            revision: event.revision,
            id: event.id,
            kind: &event.kind,
            data: &event.data,
            meta,
        };
        match self.over(&event, &[meta, b"}"]).verify_slice(&bytes) {
            Ok(()) => Origin::Genuine,
            Err(_) => Origin::Forged,
        }
    }

    /// `meta` comes in pieces because the stored bytes lack the closing brace of what is covered.
    fn over(&self, event: &Unstamped<'_>, meta: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        let length = |mac: &mut Hmac<Sha256>, bytes: usize| mac.update(&(bytes as u64).to_be_bytes());
        mac.update(TAG);
        length(&mut mac, event.stream.as_str().len());
        mac.update(event.stream.as_str().as_bytes());
        mac.update(&event.revision.to_be_bytes());
        mac.update(event.id.0.as_bytes());
        for piece in [event.kind.as_bytes(), event.data] {
            length(&mut mac, piece.len());
            mac.update(piece);
        }
        length(&mut mac, meta.iter().map(|piece| piece.len()).sum());
        meta.iter().for_each(|piece| mac.update(piece));
        mac
    }
}

impl fmt::Debug for EventMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventMac(…)")
    }
}

/// Splits stored metadata into the covered part, without its closing brace, and the code.
fn split(meta: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = meta.strip_suffix(AFTER)?;
    let (rest, code) = rest.split_at_checked(rest.len().checked_sub(CHARACTERS)?)?;
    Some((rest.strip_suffix(BEFORE)?, code))
}

#[cfg(test)]
mod tests;
