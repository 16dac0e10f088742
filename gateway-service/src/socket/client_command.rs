//! Client events as they come in. They wait as they were sent: the envelope is parsed once to locate its parts;
//! the handler of the event parses the parameters.

use bytes::Bytes;
use platform::budget::Charge;
use protocol::{
    error::ErrorCode,
    lang::{Lang, Text},
    realtime::{CALLS, ClientEvent},
};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use std::{borrow::Cow, ops::Range};

/// An event of a client.
#[derive(Debug)]
pub(super) struct ClientCommand {
    /// Kind of the event.
    pub(super) kind: ClientEvent,
    /// The whole envelope.
    payload: Bytes,
    params: Option<Range<usize>>,
    confirm_id: Option<Range<usize>>,
    charge: Option<Charge>,
}

/// The payload is not a client event.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct InvalidCommand {
    /// Explanation for people.
    pub(super) message: String,
    /// The payload as JSON, or as a JSON string.
    pub(super) orig: Box<RawValue>,
    /// Memory charge of the payload.
    pub(super) charge: Option<Charge>,
}

/// The envelope of a client event; the event's name determines `params`.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    /// Absent on `client.ping`.
    #[serde(default, borrow)]
    params: Option<&'a RawValue>,
    /// Opaque, text or number; empty means none.
    #[serde(default, borrow)]
    confirm_id: Option<&'a RawValue>,
}

impl ClientCommand {
    /// Parses the payload of a frame.
    ///
    /// # Errors
    /// The payload is not JSON, not an envelope, or an unknown event.
    pub(super) fn read(payload: Bytes, charge: Option<Charge>, lang: Lang) -> Result<Self, InvalidCommand> {
        match parts(&payload, lang) {
            Ok((kind, params, confirm_id)) => Ok(Self { kind, payload, params, confirm_id, charge }),
            Err(message) => Err(InvalidCommand { message, orig: shown(&payload), charge }),
        }
    }

    /// The parameters as they were written; an empty object when absent.
    pub(super) fn params(&self) -> Bytes {
        match &self.params {
            Some(params) => self.payload.slice(params.clone()),
            None => Bytes::from_static(b"{}"),
        }
    }

    /// The id that `server.confirm` must echo, if the client wants it.
    pub(super) fn confirm_id(&self) -> Option<Box<RawValue>> {
        serde_json::from_slice(self.payload.get(self.confirm_id.clone()?)?).ok()
    }

    /// The whole envelope, for warnings.
    pub(super) fn orig(&self) -> Box<RawValue> {
        shown(&self.payload)
    }

    /// A copy in memory of its own: a slice would keep the whole read buffer alive.
    pub(super) fn detached(self) -> Self {
        Self { payload: Bytes::copy_from_slice(&self.payload), ..self }
    }

    /// The memory charge of the payload.
    pub(super) fn into_charge(self) -> Option<Charge> {
        self.charge
    }
}

/// The payload as JSON; as a JSON string if it is not JSON.
pub(super) fn shown(payload: &[u8]) -> Box<RawValue> {
    let json = serde_json::from_slice::<Box<RawValue>>(payload);
    let text = || to_raw_value(&String::from_utf8_lossy(payload));
    json.or_else(|_| text()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

type SocketSetup = (ClientEvent, Option<Range<usize>>, Option<Range<usize>>);

fn parts(payload: &[u8], lang: Lang) -> Result<SocketSetup, String> {
    let envelope: Envelope<'_> =
        serde_json::from_slice(payload).map_err(|error| {
            match serde_json::from_slice::<&RawValue>(payload) {
                Ok(_) => format!("malformed event: {error}"),
                Err(error) => format!("malformed JSON: {error}"),
            }
        })?;
    let Some(kind) = ClientEvent::from_name(&envelope.event) else {
        return Err(match envelope.event.starts_with(CALLS) {
            true => format!("{}: {}", ErrorCode::InvalidData, Text::NoCalls.render(lang)),
            false => format!("unknown event: {}", envelope.event),
        });
    };
    let cursor = |part: &RawValue| {
        let from = part.get().as_ptr().addr() - payload.as_ptr().addr();
        from..from + part.get().len()
    };
    let confirm_id = envelope.confirm_id.filter(|id| id.get() != r#""""#);
    Ok((kind, envelope.params.map(cursor), confirm_id.map(cursor)))
}

#[cfg(test)]
mod tests {
    use super::{Bytes, ClientCommand, ClientEvent, InvalidCommand, Lang, RawValue};
    use serde_json::{Value, json};

    fn read(payload: &[u8]) -> Result<ClientCommand, InvalidCommand> {
        ClientCommand::read(Bytes::copy_from_slice(payload), None, Lang::En)
    }

    fn value(raw: &RawValue) -> Value {
        serde_json::from_str(raw.get()).unwrap()
    }

    #[test]
    fn envelope_without_parameters_has_empty_parameters() {
        let command = read(br#"{"event":"client.ping","confirm_id":42}"#).unwrap();
        assert_eq!((command.kind, &command.params()[..]), (ClientEvent::Ping, &b"{}"[..]));
        assert_eq!(command.confirm_id().unwrap().get(), "42");
    }

    #[test]
    fn empty_confirm_id_counts_as_absent() {
        for payload in
            [r#"{"event":"client.ping","confirm_id":""}"#, r#"{"event":"client.ping","confirm_id":null}"#]
        {
            assert!(read(payload.as_bytes()).unwrap().confirm_id().is_none(), "{payload}");
        }
    }

    #[test]
    fn parameters_are_kept_as_written() {
        let payload =
            r#" {"confirm_id": "é", "event":"client.message.d\u0065leted","params": {"message_id" :"x"} } "#;
        let command = read(payload.as_bytes()).unwrap();
        for command in [command, read(payload.as_bytes()).unwrap().detached()] {
            assert_eq!(command.kind, ClientEvent::MessageDeleted);
            assert_eq!(command.params(), r#"{"message_id" :"x"}"#);
            assert_eq!(command.confirm_id().unwrap().get(), r#""é""#);
            assert_eq!(command.orig().get(), payload.trim());
        }
    }

    #[test]
    fn invalid_payload_is_returned_with_the_reason() {
        let unknown = read(br#"{"event":"client.dance","confirm_id":"a"}"#).unwrap_err();
        assert_eq!(unknown.message, "unknown event: client.dance");
        assert_eq!(value(&unknown.orig), json!({"event": "client.dance", "confirm_id": "a"}));
        let call = read(br#"{"event":"client.call.offer","params":{"jid":"x"}}"#).unwrap_err();
        assert_eq!(call.message, "INVALID_DATA: Calls are not offered by this server");
        let no_event = read(br#"{"params":{}}"#).unwrap_err();
        assert!(no_event.message.starts_with("malformed event: "), "{}", no_event.message);
        assert_eq!(value(&no_event.orig), json!({"params": {}}));
        let twice = read(br#"{"event":"client.ping","event":"client.ping"}"#).unwrap_err();
        assert!(twice.message.starts_with("malformed event: duplicate field"), "{}", twice.message);
        let no_json = read(b"\xffhello").unwrap_err();
        assert!(no_json.message.starts_with("malformed JSON: "), "{}", no_json.message);
        assert_eq!(value(&no_json.orig), Value::String("\u{fffd}hello".into()));
    }
}
