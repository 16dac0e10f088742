//! Frames as they are sent: JSON text, cheap to clone.

use axum::extract::ws::Utf8Bytes;
use protocol::{
    reading::ChatCounters,
    realtime::{ServerEvent, ServerFrame},
    team::TeamUnread,
};
use serde::Serialize;
use serde_json::value::RawValue;

/// One frame.
pub(crate) type Frame = Utf8Bytes;

/// A frame that asks for no confirmation.
///
/// # Errors
/// None in practice: writing JSON into memory.
pub(crate) fn encode(event: &ServerEvent) -> serde_json::Result<Frame> {
    Ok(serde_json::to_string(&ServerFrame { event, confirm_id: None })?.into())
}

/// A frame that asks for `client.confirm` with this id.
///
/// # Errors
/// None in practice: writing JSON into memory.
pub(crate) fn encode_confirmed(event: &ServerEvent, confirm_id: &str) -> serde_json::Result<Frame> {
    Ok(serde_json::to_string(&ServerFrame { event, confirm_id: Some(confirm_id) })?.into())
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
}

/// The frame of a message.
///
/// # Errors
/// None in practice: writing JSON into memory.
pub(crate) fn encode_message(params: MessageParams<'_>, confirm_id: &str) -> serde_json::Result<Frame> {
    let frame = MessageFrame { event: "server.message.updated", params, confirm_id };
    Ok(serde_json::to_string(&frame)?.into())
}
