//! Frames as they are sent: JSON text, cheap to clone.

use protocol::{
    FeedPosition,
    reading::ChatCounters,
    realtime::{ServerEvent, ServerFrame},
    team::TeamUnread,
};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// One frame.
pub(crate) type Frame = Utf8Bytes;

/// A frame that stems from no event of the log: who misses it learns from the next of its kind.
///
/// # Errors
/// None in practice: writing JSON into memory.
pub(crate) fn transient(event: &ServerEvent) -> serde_json::Result<Frame> {
    Ok(serde_json::to_string(&ServerFrame { event, confirm_id: None, point: None })?.into())
}

/// A frame that an event led to.
///
/// # Errors
/// None in practice: writing JSON into memory.
pub(crate) fn encode(point: FeedPosition, event: &ServerEvent) -> serde_json::Result<Frame> {
    Ok(serde_json::to_string(&ServerFrame { event, confirm_id: None, point: Some(point) })?.into())
}

/// One that asks for `client.confirm` with this id.
///
/// # Errors
/// None in practice: writing JSON into memory.
pub(crate) fn encode_confirmed(
    point: FeedPosition,
    event: &ServerEvent,
    confirm_id: &str,
) -> serde_json::Result<Frame> {
    let frame = ServerFrame { event, confirm_id: Some(confirm_id), point: Some(point) };
    Ok(serde_json::to_string(&frame)?.into())
}

/// `server.message.updated` around a message that is JSON already: what [`ServerEvent::MessageUpdated`] says, without
/// encoding the message for each of its readers.
#[derive(Serialize)]
pub(crate) struct MessageParams<'a> {
    /// The message.
    pub(crate) messages: [&'a RawValue; 1],
    /// A silent update.
    pub(crate) delayed: bool,
    /// Counters of its chat, when they changed.
    pub(crate) chat_counters: &'a [ChatCounters],
    /// The hearer's unread in this team.
    pub(crate) team_unread: TeamUnread,
    /// The hearer's unread in all teams.
    pub(crate) badge: u64,
}

#[derive(Serialize)]
struct MessageFrame<'a> {
    event: &'static str,
    params: MessageParams<'a>,
    confirm_id: &'a str,
    #[serde(flatten)]
    point: FeedPosition,
}

/// The frame of a message.
///
/// # Errors
/// None in practice: writing JSON into memory.
pub(crate) fn encode_message(
    point: FeedPosition,
    params: MessageParams<'_>,
    confirm_id: &str,
) -> serde_json::Result<Frame> {
    let frame = MessageFrame { event: "server.message.updated", params, confirm_id, point };
    Ok(serde_json::to_string(&frame)?.into())
}

#[cfg(test)]
mod tests {
    use super::{MessageParams, encode_confirmed, encode_message};
    use protocol::{FeedPosition, realtime::ServerEvent, team::TeamUnread};
    use serde_json::value::RawValue;

    #[test]
    fn a_message_encoded_once_makes_the_same_frame() {
        let whole = ServerEvent::MessageUpdated {
            messages: vec![],
            delayed: true,
            chat_counters: vec![],
            team_unread: Some(TeamUnread::default()),
            badge: Some(7),
        };
        let message = RawValue::from_string(r#"{"text":"пыщ!"}"#.to_owned()).unwrap();
        let params = MessageParams {
            messages: [&message],
            delayed: true,
            chat_counters: &[],
            team_unread: TeamUnread::default(),
            badge: 7,
        };
        let point = FeedPosition { position: 7, ordinal: 1 };
        let frame = encode_message(point, params, "000000000001").unwrap();
        let whole = encode_confirmed(point, &whole, "000000000001").unwrap();
        assert_eq!(frame.as_str(), whole.replace(r#""messages":[]"#, r#""messages":[{"text":"пыщ!"}]"#));
    }
}
