//! Encoding and decoding of events: stored name and JSON ↔ event. An unknown name is an error value: the reader
//! decides what it means.

use crate::{Event, upcast};
use serde_json::Value;
use thiserror::Error;

/// Reasons why a stored event cannot be decoded.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// The stored name is unknown: a newer version wrote the event. Skip or park it.
    #[error("unknown event {0:?}: was it written by a newer version?")]
    UnknownKind(String),
    /// The payload does not match the schema of its name.
    #[error("payload of {kind:?}: {source}")]
    Payload {
        /// Stored name.
        kind: String,
        /// Error of the JSON decoder.
        source: serde_json::Error,
    },
}

/// Decodes an event from its stored name and payload with opened personal values. Older versions are upcast.
///
/// # Errors
/// The name is unknown or the payload does not match it; see [`DecodeError`].
pub fn decode(kind: &str, payload: Value) -> Result<Event, DecodeError> {
    let (kind, payload) = upcast::upcast(kind, payload);
    match Event::parse(&kind, payload) {
        Some(Ok(event)) => Ok(event),
        Some(Err(source)) => Err(DecodeError::Payload { kind: kind.into_owned(), source }),
        None => Err(DecodeError::UnknownKind(kind.into_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TeamEvent, team};
    use std::collections::HashSet;

    #[test]
    fn stored_names_are_unique_and_versioned() {
        let mut seen = HashSet::new();
        for kind in Event::KINDS {
            assert!(seen.insert(kind), "{kind} twice");
            let parts: Vec<_> = kind.split('.').collect();
            assert_eq!(parts.len(), 3, "{kind}: noun.past_tense.vN");
            assert!(parts[2].strip_prefix('v').is_some_and(|n| n.parse::<u32>().is_ok()), "{kind}");
            assert!(Event::schema(kind).is_some());
        }
    }

    #[test]
    fn event_encodes_and_decodes_to_itself() {
        let event = Event::from(TeamEvent::from(team::Archived {}));
        assert_eq!(decode(event.kind(), event.payload().unwrap()).unwrap(), event);
    }

    #[test]
    fn decode_errors_contain_the_stored_name() {
        let unknown = decode("team.sung.v9", Value::Null).unwrap_err();
        assert!(unknown.to_string().contains("team.sung.v9"));
        let wrong = decode("phone.claimed.v1", serde_json::json!({"account": 7})).unwrap_err();
        assert!(wrong.to_string().contains("phone.claimed.v1"));
    }
}
