//! Encoded events of one append, without their codes, which cover the revision.

use super::WriteError;
use crate::{
    event_mac::{EventMac, Unstamped},
    keyring::Keys,
    sealing::{self, FieldLocation},
};
use bytes::Bytes;
use event_log::{Append, CommandRef, Expected, NewEvent};
use events::{CommandId, EventId, Revision, StreamName};
use serde_json::Value;
use uuid::Uuid;

/// Sealed events of one append.
pub(super) struct Encoded {
    stream: StreamName,
    command: Option<CommandRef>,
    events: Vec<Event>,
}

struct Event {
    id: EventId,
    kind: String,
    data: Bytes,
    /// Metadata without the code.
    meta: Vec<u8>,
}

impl Encoded {
    pub(super) fn new(stream: StreamName, command: Option<CommandRef>) -> Self {
        Self { stream, command, events: vec![] }
    }

    /// Seals and adds an event; its values open only at this place.
    pub(super) fn push(
        &mut self,
        kind: &str,
        mut data: Value,
        mut meta: Value,
        keys: &Keys,
    ) -> Result<(), WriteError> {
        let id = event_id(self.command.map(|command| command.id), self.events.len());
        let place = |part| FieldLocation { stream: &self.stream, event: id, part };
        sealing::seal(&mut data, keys, place("data"))?;
        sealing::seal(&mut meta, keys, place("meta"))?;
        let (data, meta) = (serde_json::to_vec(&data)?.into(), serde_json::to_vec(&meta)?);
        self.events.push(Event { id, kind: kind.to_owned(), data, meta });
        Ok(())
    }

    /// The append at exactly this revision.
    pub(super) fn at(&self, first: Revision, mac: &EventMac) -> Append {
        let event = |(event, revision): (&Event, Revision)| {
            let Event { id, kind, data, meta } = event;
            let unstamped = Unstamped { stream: &self.stream, revision, id: *id, kind, data, meta };
            NewEvent { id: *id, kind: kind.clone(), data: data.clone(), meta: mac.stamp(&unstamped) }
        };
        Append {
            stream: self.stream.clone(),
            expected: first.checked_sub(1).map_or(Expected::NoStream, Expected::Revision),
            events: self.events.iter().zip(first..).map(event).collect(),
            command: self.command,
        }
    }
}

/// Derives an event id from the command and the index; without a command the id is ordered by time.
#[expect(clippy::disallowed_methods, reason = "ids of events without a command, in order of time")]
fn event_id(command: Option<CommandId>, index: usize) -> EventId {
    EventId(match command {
        Some(command) => Uuid::new_v5(&command.0, &index.to_be_bytes()),
        None => Uuid::now_v7(),
    })
}
