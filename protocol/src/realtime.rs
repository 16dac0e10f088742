//! Websocket frames: events of the server here, events of clients in [`client`].

mod client;
mod roster;

pub use client::{
    Activity, CALLS, ClientEvent, Composing, Confirm, DeleteMessage, LastRead, PostContent, PostMessage,
};
pub use roster::Roster;

use crate::{
    FeedPosition, Jid, Timestamp, chat::Chat, contact::Contact, message::ChatType, message::Message,
    reading::ChatCounters, remind::Remind, section::Section, tag::Tag, team::Team, team::TeamCounters,
    team::TeamUnread,
};
use events::Position;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

/// A frame from the server.
#[derive(Debug, Serialize)]
pub struct ServerFrame<'a> {
    /// Name and parameters of the event.
    #[serde(flatten)]
    pub event: &'a ServerEvent,
    /// Asks the client for `client.confirm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm_id: Option<&'a str>,
    /// Place in the feed from which a client can resume; absent on ephemeral events. Clients ignore unknown keys.
    #[serde(flatten)]
    pub point: Option<FeedPosition>,
}

/// Events of the server.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "event", content = "params")]
pub enum ServerEvent {
    /// Acknowledges a client event that has a `confirm_id`.
    #[serde(rename = "server.confirm")]
    Confirm {
        /// The client's `confirm_id`, text or number, as it was sent.
        #[schema(value_type = serde_json::Value)]
        confirm_id: Box<RawValue>,
    },
    /// A client event failed, or the client must act; the socket stays open.
    #[serde(rename = "server.warning")]
    Warning {
        /// Explanation for people.
        message: String,
        /// The offending envelope; `null` when the warning answers none.
        #[schema(value_type = serde_json::Value)]
        orig: Box<RawValue>,
        /// Stable code of a warning that answers no envelope.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'static str>,
        /// Events up to this position are not sent over this socket; the client must fetch the state.
        #[serde(skip_serializing_if = "Option::is_none")]
        position: Option<Position>,
        /// The server is stopping: milliseconds to wait after this socket has closed before reconnecting.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// The socket cannot be served; it is closed next.
    #[serde(rename = "server.panic")]
    Panic {
        /// Stable code of the failure.
        code: &'static str,
        /// Always `null`.
        #[schema(value_type = Option<Object>)]
        debug: (),
    },
    /// Periodic report of the server's time and the socket's position.
    #[serde(rename = "server.time")]
    Time {
        /// Current time of the server.
        time: Timestamp,
        /// Position of the last event up to which the client has got everything.
        position: Position,
        /// Number of frames sent over this socket before this one.
        frames: u64,
    },
    /// The account logged in on another device.
    #[serde(rename = "server.login")]
    Login {
        /// Title of the device.
        device_name: String,
    },
    /// The session of this socket has ended.
    #[serde(rename = "server.logout")]
    Logout {
        /// Reason for the end of the session.
        reason: String,
    },
    /// The client settings were replaced; the parameters are the settings themselves.
    #[serde(rename = "server.uisettings")]
    UiSettings(UiSettings),
    /// Complete state of the team, sent right after connecting to clients that ask for it; later events are sent as
    /// frames.
    #[serde(rename = "server.roster")]
    Roster(Box<Roster>),
    /// Contacts that are online.
    #[serde(rename = "server.online")]
    Online {
        /// The contacts that are online.
        contacts: Vec<OnlineContact>,
        /// Calls in progress; always `null`, calls are not offered.
        #[schema(value_type = Option<Object>)]
        calls: (),
    },
    /// Teams were created or changed.
    #[serde(rename = "server.team.updated")]
    TeamUpdated {
        /// The teams as the viewer sees them.
        teams: Vec<Team>,
    },
    /// Teams were deleted, or the account has left them.
    #[serde(rename = "server.team.deleted")]
    TeamDeleted {
        /// The teams.
        teams: Vec<DeletedTeam>,
    },
    /// Unread counters of the account's other teams changed.
    #[serde(rename = "server.team.counters")]
    TeamCounters {
        /// Counters of the teams that changed.
        teams: Vec<TeamCounters>,
        /// Number of unread messages of the viewer in all teams.
        badge: u64,
    },
    /// Contacts were added or changed.
    #[serde(rename = "server.contact.updated")]
    ContactUpdated {
        /// The contacts as the viewer sees them.
        contacts: Vec<Contact>,
    },
    /// Sections were created or changed.
    #[serde(rename = "server.section.updated")]
    SectionUpdated {
        /// Kind of the sections: `direct` for sections of contacts, `group`, `task`.
        chat_type: ChatType,
        /// Version of the sections, in nanoseconds since 1970.
        gentime: i64,
        /// The sections.
        sections: Vec<Section>,
    },
    /// Sections were deleted.
    #[serde(rename = "server.section.deleted")]
    SectionDeleted {
        /// Kind of the sections: `direct` for sections of contacts, `group`, `task`.
        chat_type: ChatType,
        /// Version of the sections, in nanoseconds since 1970.
        gentime: i64,
        /// The sections.
        sections: Vec<DeletedSection>,
    },
    /// Chats were created or changed.
    #[serde(rename = "server.chat.updated")]
    ChatUpdated {
        /// The chats as the viewer sees them.
        chats: Vec<Chat>,
        /// Unread counters of the viewer in this team.
        team_unread: Option<TeamUnread>,
        /// Number of unread messages of the viewer in all teams.
        badge: Option<u64>,
    },
    /// Chats were deleted, or the viewer has left them.
    #[serde(rename = "server.chat.deleted")]
    ChatDeleted {
        /// The chats.
        chats: Vec<DeletedChat>,
        /// Unread counters of the viewer in this team.
        team_unread: Option<TeamUnread>,
        /// Number of unread messages of the viewer in all teams.
        badge: Option<u64>,
    },
    /// The viewer has read chats, on this or another device.
    #[serde(rename = "server.chat.lastread")]
    ChatLastRead {
        /// Unread counters of the chats.
        chats: Vec<ChatCounters>,
        /// Unread counters of the viewer in this team.
        team_unread: Option<TeamUnread>,
        /// Number of unread messages of the viewer in all teams.
        badge: Option<u64>,
    },
    /// The viewer saved a draft, on this or another device.
    #[serde(rename = "server.chat.draft")]
    ChatDraft {
        /// Address of the chat as the viewer names it.
        jid: Jid,
        /// Text of the draft; empty when it was removed.
        draft: String,
        /// Number of times a draft was saved in the chat; the higher one is newer.
        draft_num: i64,
        /// Version of the draft, in nanoseconds since 1970.
        draft_gentime: i64,
    },
    /// A contact started or stopped typing.
    #[serde(rename = "server.chat.composing")]
    ChatComposing {
        /// Address of the chat as the viewer names it.
        jid: Jid,
        /// Address of the contact that types.
        actor: Jid,
        /// `true` when typing started, `false` when it stopped.
        composing: bool,
        /// The contact is recording a voice message.
        is_audio: bool,
    },
    /// Reminders of the viewer were set.
    #[serde(rename = "server.remind.updated")]
    RemindUpdated {
        /// The reminders.
        reminds: Vec<Remind>,
    },
    /// Reminders of the viewer fired.
    #[serde(rename = "server.remind.fired")]
    RemindFired {
        /// The reminders.
        reminds: Vec<Remind>,
    },
    /// Reminders of the viewer were deleted.
    #[serde(rename = "server.remind.deleted")]
    RemindDeleted {
        /// Ids of the reminders.
        reminds: Vec<Gone>,
    },
    /// Tags were created.
    #[serde(rename = "server.tag.updated")]
    TagUpdated {
        /// The tags.
        tags: Vec<Tag>,
    },
    /// Tags were deleted.
    #[serde(rename = "server.tag.deleted")]
    TagDeleted {
        /// Ids of the tags.
        tags: Vec<Gone>,
    },
    /// Messages were posted, edited or deleted.
    #[serde(rename = "server.message.updated")]
    MessageUpdated {
        /// The messages as the viewer sees them.
        messages: Vec<Message>,
        /// A silent update of existing messages.
        delayed: bool,
        /// Unread counters of the messages' chats; empty when they did not change.
        chat_counters: Vec<ChatCounters>,
        /// Unread counters of the viewer in this team.
        team_unread: Option<TeamUnread>,
        /// Number of unread messages of the viewer in all teams.
        badge: Option<u64>,
    },
    /// Messages of the viewer were seen by others.
    #[serde(rename = "server.message.received")]
    MessageReceived {
        /// The messages.
        messages: Vec<ReceivedMessage>,
    },
}

/// Settings that clients keep on the server: any JSON object.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(value_type = Object)]
pub struct UiSettings(pub Box<RawValue>);

/// A page of the event stream, for clients that poll over HTTP.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventsPage {
    /// Frames, as a socket sends them.
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<Box<RawValue>>,
    /// Feed position up to which the caller has got everything: `from` of the next call.
    #[schema(example = "1234.0")]
    pub position: String,
}

/// A contact that is online.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OnlineContact {
    /// Address of the contact.
    pub jid: Jid,
    /// The contact is away from the keyboard.
    pub afk: bool,
    /// The contact uses a phone.
    pub mobile: bool,
}

/// A deleted object, by its id alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Gone {
    /// Id of the object.
    pub uid: Uuid,
}

/// A team that was deleted or left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeletedTeam {
    /// Id of the team.
    pub uid: Uuid,
    /// Always `true`.
    pub is_archive: bool,
    /// Version of the team, in nanoseconds since 1970.
    pub gentime: i64,
}

/// A deleted section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeletedSection {
    /// Id of the section.
    pub uid: Uuid,
    /// Version of the section, in nanoseconds since 1970.
    pub gentime: i64,
}

/// A chat that was deleted or left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeletedChat {
    /// Address of the chat as the viewer names it.
    pub jid: Jid,
    /// Kind of the chat: `direct`, `group` or `task`.
    pub chat_type: ChatType,
    /// Always `true`.
    pub is_archive: bool,
    /// Version of the chat, in nanoseconds since 1970.
    pub gentime: i64,
}

/// A message seen by others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReceivedMessage {
    /// Address of the message's chat as the viewer names it.
    pub chat: Jid,
    /// Id of the message.
    pub message_id: Uuid,
    /// At least one other contact has seen the message.
    pub received: bool,
    /// Number of contacts that have seen the message, without the author.
    pub num_received: u32,
}
