//! Client events as they come in. They wait as they were sent: the envelope is looked at once, to find its parts, and what is
//! in them is read by whoever carries the event out.

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
    /// Which event.
    pub(super) kind: ClientEvent,
    /// The whole envelope.
    payload: Bytes,
    params: Option<Range<usize>>,
    confirm_id: Option<Range<usize>>,
    charge: Option<Charge>,
}

/// What was sent is no event.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct InvalidCommand {
    /// Why, for people.
    pub(super) message: String,
    /// What was sent, as far as it can be shown.
    pub(super) orig: Box<RawValue>,
    /// The charge for its memory.
    pub(super) charge: Option<Charge>,
}

/// An event of a client: `params` depends on its name.
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
    /// Reads the payload of a frame.
    ///
    /// # Errors
    /// It is not JSON, no envelope, or an event that is not known.
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

    /// The id that `server.confirm` must echo, if one is wanted.
    pub(super) fn confirm_id(&self) -> Option<Box<RawValue>> {
        serde_json::from_slice(self.payload.get(self.confirm_id.clone()?)?).ok()
    }

    /// The whole envelope, for warnings.
    pub(super) fn orig(&self) -> Box<RawValue> {
        shown(&self.payload)
    }

    /// The same in memory of its own: it would keep all of the buffer that it was read into.
    pub(super) fn detached(self) -> Self {
        Self { payload: Bytes::copy_from_slice(&self.payload), ..self }
    }

    /// The charge for its memory.
    pub(super) fn into_charge(self) -> Option<Charge> {
        self.charge
    }
}

/// The frame as JSON; as a JSON string where it is none.
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
    fn an_envelope_without_parameters_is_one() {
        let command = read(br#"{"event":"client.ping","confirm_id":42}"#).unwrap();
        assert_eq!((command.kind, &command.params()[..]), (ClientEvent::Ping, &b"{}"[..]));
        assert_eq!(command.confirm_id().unwrap().get(), "42");
    }

    #[test]
    fn an_empty_confirm_id_asks_for_nothing() {
        for payload in
            [r#"{"event":"client.ping","confirm_id":""}"#, r#"{"event":"client.ping","confirm_id":null}"#]
        {
            assert!(read(payload.as_bytes()).unwrap().confirm_id().is_none(), "{payload}");
        }
    }

    #[test]
    fn parameters_come_as_they_are() {
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
    fn what_cannot_be_read_comes_back_whole() {
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
