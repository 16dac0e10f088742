//! Events on their way from the log into a batch: decoded, or with what is wrong with them.

use crate::ProjectionError;
use event_log::RawEvent;
use events::{Event, EventId, Position, Recorded, Revision, StreamName, codec::DecodeError};
use secrets::journal::{BadEvent, Journal, LoadError};

/// Some events that follow each other in the log.
pub(crate) enum DecodedBatch {
    /// All of them could be read.
    Valid(Vec<Recorded<Event>>),
    /// Some of them could not.
    Mixed(Vec<DecodedEvent>),
}

/// One event.
pub(crate) struct DecodedEvent {
    pub(crate) position: Position,
    pub(crate) stream: StreamName,
    pub(crate) revision: Revision,
    pub(crate) id: EventId,
    pub(crate) kind: String,
    /// The event, or what is wrong with it, without personal values.
    pub(crate) result: Result<Recorded<Event>, String>,
}

impl DecodedBatch {
    /// Decodes what the log handed out.
    ///
    /// # Errors
    /// Log or keys cannot be had; that an event is damaged is no error.
    pub(crate) async fn decode(journal: &Journal, raw: Vec<RawEvent>) -> Result<Self, ProjectionError> {
        // Copies share their bytes; they are for the rare case that something must be read one by one.
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

    /// The position of the last one.
    pub(crate) fn last_position(&self) -> Option<Position> {
        match self {
            Self::Valid(events) => events.last().map(|event| event.position),
            Self::Mixed(events) => events.last().map(|event| event.position),
        }
    }

    /// Whether one of those that could be read is such.
    pub(crate) fn any(&self, matches: impl Fn(&Event) -> bool) -> bool {
        match self {
            Self::Valid(events) => events.iter().any(|event| matches(&event.event)),
            Self::Mixed(events) => {
                events.iter().any(|one| one.result.as_ref().is_ok_and(|event| matches(&event.event)))
            }
        }
    }

    /// One by one.
    pub(crate) fn each(&self) -> Vec<DecodedEvent> {
        match self {
            Self::Valid(events) => events.iter().cloned().map(DecodedEvent::valid).collect(),
            Self::Mixed(events) => events.iter().map(DecodedEvent::copy).collect(),
        }
    }
}

impl DecodedEvent {
    /// Decodes one event.
    ///
    /// # Errors
    /// The keys cannot be had.
    pub(crate) async fn decode(journal: &Journal, raw: RawEvent) -> Result<Self, ProjectionError> {
        let (position, stream, revision) = (raw.position, raw.stream.clone(), raw.revision);
        let (id, kind) = (raw.id, raw.kind.clone());
        let result = match journal.decode(vec![raw]).await {
            Ok(mut events) => events.pop().ok_or_else(|| "not there".to_owned()),
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

/// Said without any value of the event's: it ends in logs.
fn describe(event: &BadEvent) -> String {
    match event {
        BadEvent::NotOurs(error) => error.to_string(),
        BadEvent::Json(error) => format!("not the JSON of an event: {}", without_values(error)),
        BadEvent::Sealing(_) => "a personal value does not open".to_owned(),
        BadEvent::Decode(DecodeError::Payload { source, .. }) => {
            format!("the payload does not fit: {}", without_values(source))
        }
        BadEvent::Decode(unknown @ DecodeError::UnknownKind(_)) => unknown.to_string(),
    }
}

/// The reader of JSON names fields, which are ours, and quotes values, which are not.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let names_a_field = ["missing field", "unknown field", "duplicate field"];
    match names_a_field.iter().any(|start| text.starts_with(start)) {
        true => text.split(", expected").next().unwrap_or_default().to_owned(),
        false => "a value of another type or form".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::account::Registered;

    #[test]
    fn no_value_gets_into_what_is_said() {
        let wrong = |json: &str| without_values(&serde_json::from_str::<Registered>(json).unwrap_err());
        assert_eq!(wrong(r#"{"account": "Вася"}"#), "a value of another type or form");
        assert_eq!(wrong("{}"), "missing field `account` at line 1 column 2");
        assert_eq!(wrong(r#"{"secret": 1}"#), "unknown field `secret`");
    }
}
