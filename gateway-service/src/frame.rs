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

/// Encodes a frame that stems from no event of the log; the next frame of its kind makes up for a lost one.
pub(crate) fn transient(event: &ServerEvent) -> serde_json::Result<Frame> {
    Ok(serde_json::to_string(&ServerFrame { event, confirm_id: None, point: None })?.into())
}

/// Encodes a frame about an event.
pub(crate) fn encode(point: FeedPosition, event: &ServerEvent) -> serde_json::Result<Frame> {
    Ok(serde_json::to_string(&ServerFrame { event, confirm_id: None, point: Some(point) })?.into())
}

/// Encodes a frame about an event that asks for `client.confirm` with this id.
pub(crate) fn encode_confirmed(
    point: FeedPosition,
    event: &ServerEvent,
    confirm_id: &str,
) -> serde_json::Result<Frame> {
    let frame = ServerFrame { event, confirm_id: Some(confirm_id), point: Some(point) };
    Ok(serde_json::to_string(&frame)?.into())
}

/// Parameters of `server.message.updated` around a message that is already JSON: they equal
/// [`ServerEvent::MessageUpdated`] without encoding the message for each of its readers.
#[derive(Serialize)]
pub(crate) struct MessageParams<'a> {
    /// The message.
    pub(crate) messages: [&'a RawValue; 1],
    /// The update is silent.
    pub(crate) delayed: bool,
    /// Unread counters of the message's chat; empty when unchanged.
    pub(crate) chat_counters: &'a [ChatCounters],
    /// The viewer's unread counters in this team.
    pub(crate) team_unread: TeamUnread,
    /// The viewer's unread messages in all teams.
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

/// Encodes the frame of a message.
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
    fn message_params_encode_like_the_server_event() {
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
