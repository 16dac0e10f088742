//! Stored name and JSON ↔ event. An unknown name is a value, not a panic: who reads decides what it means.

use crate::{Event, upcast};
use serde_json::Value;
use thiserror::Error;

/// Why a stored event could not be read.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// Nobody here knows the name: written by a newer version.
    #[error("unknown event {0:?}: was it written by a newer version?")]
    UnknownKind(String),
    /// The payload is not of the name's shape.
    #[error("payload of {kind:?}: {source}")]
    Payload {
        /// The stored name.
        kind: String,
        /// What does not fit.
        source: serde_json::Error,
    },
}

/// Reads an event from its stored name and unsealed payload.
///
/// # Errors
/// [`DecodeError`] when the name is unknown or the payload does not fit it.
pub fn decode(kind: &str, payload: Value) -> Result<Event, DecodeError> {
    let (kind, payload) = upcast::lift(kind, payload);
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
    fn stored_names_are_unique_versioned_and_past() {
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
    fn an_event_goes_through_and_back() {
        let event = Event::from(TeamEvent::from(team::Archived {}));
        assert_eq!(decode(event.kind(), event.payload().unwrap()).unwrap(), event);
    }

    #[test]
    fn an_unknown_name_and_a_wrong_payload_are_errors_with_the_name() {
        let unknown = decode("team.sung.v9", Value::Null).unwrap_err();
        assert!(unknown.to_string().contains("team.sung.v9"));
        let wrong = decode("phone.claimed.v1", serde_json::json!({"account": 7})).unwrap_err();
        assert!(wrong.to_string().contains("phone.claimed.v1"));
    }
}
