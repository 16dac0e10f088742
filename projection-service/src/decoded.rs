//! Decodes events of the log; one damaged event does not hide the others.

use crate::error::ProjectionError;
use event_log::RawEvent;
use events::{Event, EventId, Position, Recorded, Revision, StreamName, codec::DecodeError};
use secrets::journal::{BadEvent, Journal, LoadError};

/// Consecutive events of the log.
pub(crate) enum DecodedBatch {
    /// Every event was decoded.
    Valid(Vec<Recorded<Event>>),
    /// At least one event could not be decoded.
    Mixed(Vec<DecodedEvent>),
}

/// One event of the log, decoded or with the reason why not.
pub(crate) struct DecodedEvent {
    pub(crate) position: Position,
    pub(crate) stream: StreamName,
    pub(crate) revision: Revision,
    pub(crate) id: EventId,
    pub(crate) kind: String,
    /// The event, or the reason why it cannot be decoded. The reason quotes no value of the event.
    pub(crate) result: Result<Recorded<Event>, String>,
}

impl DecodedBatch {
    /// Decodes events. A damaged event is not an error: it makes the batch [`Mixed`](Self::Mixed).
    pub(crate) async fn decode(journal: &Journal, raw: Vec<RawEvent>) -> Result<Self, ProjectionError> {
        // The copies share their bytes; they are needed only in the rare case of a damaged event.
        match journal.decode(raw.clone()).await {
            Ok(events) => Ok(Self::Valid(events)),
            Err(LoadError::Event { .. }) => {
                let mut mixed = Vec::with_capacity(raw.len());
                for event in raw {
                    mixed.push(DecodedEvent::decode(journal, event).await?);
                }
                Ok(Self::Mixed(mixed))
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Valid(events) => events.len(),
            Self::Mixed(events) => events.len(),
        }
    }

    pub(crate) fn last_position(&self) -> Option<Position> {
        match self {
            Self::Valid(events) => events.last().map(|event| event.position),
            Self::Mixed(events) => events.last().map(|event| event.position),
        }
    }

    /// Whether a decoded event matches.
    pub(crate) fn any(&self, matches: impl Fn(&Event) -> bool) -> bool {
        match self {
            Self::Valid(events) => events.iter().any(|event| matches(&event.event)),
            Self::Mixed(events) => {
                events.iter().any(|one| one.result.as_ref().is_ok_and(|event| matches(&event.event)))
            }
        }
    }

    /// The events one by one.
    pub(crate) fn to_events(&self) -> Vec<DecodedEvent> {
        match self {
            Self::Valid(events) => events.iter().cloned().map(DecodedEvent::valid).collect(),
            Self::Mixed(events) => events.iter().map(DecodedEvent::copy).collect(),
        }
    }
}

impl DecodedEvent {
    /// Decodes one event. Fails only if the keys of personal values are unavailable.
    pub(crate) async fn decode(journal: &Journal, raw: RawEvent) -> Result<Self, ProjectionError> {
        let (position, stream, revision) = (raw.position, raw.stream.clone(), raw.revision);
        let (id, kind) = (raw.id, raw.kind.clone());
        let result = match journal.decode(vec![raw]).await {
            Ok(mut events) => events.pop().ok_or_else(|| "the event is missing".to_owned()),
            Err(LoadError::Event { source, .. }) => Err(describe(&source)),
            Err(error) => return Err(error.into()),
        };
        Ok(Self { position, stream, revision, id, kind, result })
    }

    fn valid(event: Recorded<Event>) -> Self {
        Self {
            position: event.position,
            stream: event.stream.clone(),
            revision: event.revision,
            id: event.id,
            kind: event.event.kind().to_owned(),
            result: Ok(event),
        }
    }

    fn copy(&self) -> Self {
        Self { stream: self.stream.clone(), kind: self.kind.clone(), result: self.result.clone(), ..*self }
    }
}

/// Describes a damaged event without quoting any of its values, because the text ends in logs.
fn describe(event: &BadEvent) -> String {
    match event {
        BadEvent::Untrusted(error) => error.to_string(),
        BadEvent::Json(error) => format!("invalid JSON: {}", without_values(error)),
        BadEvent::Sealing(_) => "a personal value cannot be decrypted".to_owned(),
        BadEvent::Decode(DecodeError::Payload { source, .. }) => {
            format!("invalid payload: {}", without_values(source))
        }
        BadEvent::Decode(unknown @ DecodeError::UnknownKind(_)) => unknown.to_string(),
    }
}

/// Describes a JSON error without values: serde names fields, which are public, and quotes values, which may be personal.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let names_a_field = ["missing field", "unknown field", "duplicate field"];
    match names_a_field.iter().any(|start| text.starts_with(start)) {
        true => text.split(", expected").next().unwrap_or_default().to_owned(),
        false => "a value has the wrong type or format".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::account::Registered;

    #[test]
    fn json_error_description_quotes_no_value() {
        let description = |json: &str| without_values(&serde_json::from_str::<Registered>(json).unwrap_err());
        assert_eq!(description(r#"{"account": "Вася"}"#), "a value has the wrong type or format");
        assert_eq!(description("{}"), "missing field `account` at line 1 column 2");
        assert_eq!(description(r#"{"secret": 1}"#), "unknown field `secret`");
    }
}
