//! Client events as they come in.

use protocol::{
    error::ErrorCode,
    lang::{Lang, Text},
    realtime::{CALLS, ClientEnvelope, ClientEvent},
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// An event of a client.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// Which event.
    pub(super) kind: ClientEvent,
    /// Its parameters; an empty object when absent.
    pub(super) params: Value,
    /// What `server.confirm` must echo, if it is wanted.
    pub(super) confirm_id: Option<Value>,
    /// The whole envelope, for warnings.
    pub(super) orig: Value,
}

/// What was sent is no event.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub(super) struct Unreadable {
    /// Why, for people.
    pub(super) message: String,
    /// What was sent, as far as it can be shown.
    pub(super) orig: Value,
}

/// Reads the payload of a frame.
///
/// # Errors
/// It is not JSON, no envelope, or an event that is not known.
pub(super) fn read(payload: &[u8], lang: Lang) -> Result<Told, Unreadable> {
    let orig: Value = serde_json::from_slice(payload).map_err(|error| Unreadable {
        message: format!("malformed JSON: {error}"),
        orig: Value::String(String::from_utf8_lossy(payload).into_owned()),
    })?;
    let envelope = match ClientEnvelope::deserialize(&orig) {
        Ok(envelope) => envelope,
        Err(error) => return Err(Unreadable { message: format!("malformed event: {error}"), orig }),
    };
    let confirm_id = envelope.wants_confirm().cloned();
    let Some(kind) = ClientEvent::of(&envelope.event) else {
        let message = match envelope.event.starts_with(CALLS) {
            true => format!("{}: {}", ErrorCode::InvalidData, Text::NoCalls.render(lang)),
            false => format!("unknown event: {}", envelope.event),
        };
        return Err(Unreadable { message, orig });
    };
    let params = envelope.params.unwrap_or_else(|| Value::Object(Map::new()));
    Ok(Told { kind, params, confirm_id, orig })
}

#[cfg(test)]
mod tests {
    use super::{ClientEvent, Lang};
    use serde_json::{Value, json};

    fn read(payload: &[u8]) -> Result<super::Told, super::Unreadable> {
        super::read(payload, Lang::En)
    }

    #[test]
    fn an_envelope_without_parameters_is_one() {
        let told = read(br#"{"event":"client.ping","confirm_id":42}"#).unwrap();
        assert_eq!(
            (told.kind, told.params, told.confirm_id),
            (ClientEvent::Ping, json!({}), Some(json!(42)))
        );
    }

    #[test]
    fn an_empty_confirm_id_asks_for_nothing() {
        for payload in
            [r#"{"event":"client.ping","confirm_id":""}"#, r#"{"event":"client.ping","confirm_id":null}"#]
        {
            assert_eq!(read(payload.as_bytes()).unwrap().confirm_id, None, "{payload}");
        }
    }

    #[test]
    fn parameters_come_as_they_are() {
        let told = read(br#"{"event":"client.message.deleted","params":{"message_id":"x"}}"#).unwrap();
        assert_eq!(told.kind, ClientEvent::MessageDeleted);
        assert_eq!(told.params, json!({"message_id": "x"}));
    }

    #[test]
    fn what_cannot_be_read_comes_back_whole() {
        let unknown = read(br#"{"event":"client.dance","confirm_id":"a"}"#).unwrap_err();
        assert_eq!(unknown.message, "unknown event: client.dance");
        assert_eq!(unknown.orig, json!({"event": "client.dance", "confirm_id": "a"}));
        let call = read(br#"{"event":"client.call.offer","params":{"jid":"x"}}"#).unwrap_err();
        assert_eq!(call.message, "INVALID_DATA: Calls are not offered by this server");
        let no_event = read(br#"{"params":{}}"#).unwrap_err();
        assert_eq!(no_event.orig, json!({"params": {}}));
        let no_json = read(b"\xffhello").unwrap_err();
        assert_eq!(no_json.orig, Value::String("\u{fffd}hello".into()));
    }
}
