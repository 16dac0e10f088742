//! Events of history as a reader may see them.

use super::{reader::Reader, seen};
use audit::{DecodedEntry, Entry, Related};
use events::personal::MARKER;
use protocol::audit::{AuditEffect, AuditEvent, AuditStory};
use serde_json::Value;

/// An event with all that the reader may see of it.
pub(super) fn told(told: &DecodedEntry, reader: &Reader) -> AuditEvent {
    let mut event = bare(&told.entry);
    match told.data() {
        Ok(mut data) => {
            if !reader.sees_personal() {
                conceal(&mut data);
            }
            event.data = Some(data);
        }
        Err(why) if reader.sees_personal() => event.unreadable = Some(why),
        // What is said of it may quote a value.
        Err(_) => event.unreadable = Some("it cannot be read".to_owned()),
    }
    if reader.sees_personal() {
        event.address = told.address().map(str::to_owned);
        event.user_agent = told.user_agent().map(str::to_owned);
    }
    event
}

/// An event with what belongs to it, as far as the reader may see it.
pub(super) fn story(event: &DecodedEntry, related: Related, reader: &Reader) -> AuditStory {
    let bares = |entries| seen(entries, reader).map(|entry| bare(&entry)).collect();
    let effects = related.effects.iter().filter(|(_, effect)| reader.may_see(effect));
    AuditStory {
        event: told(event, reader),
        causes: bares(related.causes),
        effects: effects.map(|(depth, effect)| AuditEffect { depth: *depth, event: bare(effect) }).collect(),
        same_request: bares(related.siblings),
    }
}

/// What the index says of an event.
fn bare(entry: &Entry) -> AuditEvent {
    AuditEvent {
        number: entry.number,
        position: entry.position,
        hash: entry.hash.to_string(),
        event_id: entry.event_id.0,
        stream: entry.stream.clone(),
        revision: entry.revision,
        kind: entry.kind.clone(),
        at: entry.at.into(),
        command: entry.command.clone(),
        request_id: entry.request_id.clone(),
        correlation: entry.correlation.clone(),
        causation: entry.causation.map(|id| id.0),
        command_id: entry.command_id.map(|id| id.0),
        actor: entry.actor.map(|id| id.0),
        contact: entry.contact.map(|id| id.0),
        session: entry.session.map(|id| id.0),
        team: entry.team.map(|id| id.0),
        address: None,
        user_agent: None,
        data: None,
        unreadable: None,
    }
}

/// Takes the values out of personal values, so that they look as if erased.
fn conceal(value: &mut Value) {
    match value {
        Value::Object(fields) => match fields.get_mut(MARKER) {
            Some(Value::Object(body)) => drop(body.remove("value")),
            _ => fields.values_mut().for_each(conceal),
        },
        Value::Array(items) => items.iter_mut().for_each(conceal),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::conceal;
    use serde_json::json;

    #[test]
    fn personal_values_are_taken_out_at_any_depth() {
        let personal = json!({"$personal": {"subject": "team-1", "value": {"a": "secret"}}});
        let mut data = json!({"text": personal, "items": [{"text": personal}], "n": 1});
        conceal(&mut data);
        let bare = json!({"$personal": {"subject": "team-1"}});
        assert_eq!(data, json!({"text": bare, "items": [{"text": bare}], "n": 1}));
    }
}
