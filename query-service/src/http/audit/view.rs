//! Views of historical events: what a viewer may see of them.

use super::viewer::AuditViewer;
use audit::{DecodedEntry, Entry, Related};
use events::personal::MARKER;
use protocol::audit::{AuditEffect, AuditEvent, AuditStory};
use serde_json::Value;

/// An event with its data.
pub(super) fn event(decoded: &DecodedEntry, viewer: &AuditViewer) -> AuditEvent {
    let mut event = without_data(&decoded.entry);
    match decoded.data() {
        Ok(mut data) => {
            if !viewer.sees_personal() {
                redact(&mut data);
            }
            event.data = Some(data);
        }
        Err(why) if viewer.sees_personal() => event.unreadable = Some(why),
        // The reason may quote a personal value.
        Err(_) => event.unreadable = Some("it cannot be read".to_owned()),
    }
    if viewer.sees_personal() {
        event.address = decoded.address().map(str::to_owned);
        event.user_agent = decoded.user_agent().map(str::to_owned);
    }
    event
}

/// An event with its data, causes and effects.
pub(super) fn story(decoded: &DecodedEntry, related: Related, viewer: &AuditViewer) -> AuditStory {
    let visible = |entries: Vec<Entry>| {
        entries.iter().filter(|entry| viewer.may_see(entry)).map(without_data).collect()
    };
    let effects = related.effects.iter().filter(|(_, effect)| viewer.may_see(effect));
    AuditStory {
        event: event(decoded, viewer),
        causes: visible(related.causes),
        effects: effects
            .map(|(depth, effect)| AuditEffect { depth: *depth, event: without_data(effect) })
            .collect(),
        same_request: visible(related.siblings),
    }
}

/// An event as the index describes it.
fn without_data(entry: &Entry) -> AuditEvent {
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

/// Removes the values of personal values, so that they look erased.
fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => match fields.get_mut(MARKER) {
            Some(Value::Object(body)) => drop(body.remove("value")),
            _ => fields.values_mut().for_each(redact),
        },
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::redact;
    use serde_json::json;

    #[test]
    fn redact_removes_personal_values_at_any_depth() {
        let personal = json!({"$personal": {"subject": "team-1", "value": {"a": "secret"}}});
        let mut data = json!({"text": personal, "items": [{"text": personal}], "n": 1});
        redact(&mut data);
        let bare = json!({"$personal": {"subject": "team-1"}});
        assert_eq!(data, json!({"text": bare, "items": [{"text": bare}], "n": 1}));
    }
}
