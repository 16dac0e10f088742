//! Websocket frames: what the server says here, what clients say in [`client`].

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
    /// Name and parameters.
    #[serde(flatten)]
    pub event: &'a ServerEvent,
    /// Asks the client for `client.confirm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm_id: Option<&'a str>,
    /// Of what stems from an event: from where to go on. Clients ignore keys that they do not know.
    #[serde(flatten)]
    pub point: Option<FeedPosition>,
}

/// Everything the server says.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "event", content = "params")]
pub enum ServerEvent {
    /// Answers a client event with a `confirm_id`, echoed as it was sent.
    #[serde(rename = "server.confirm")]
    Confirm {
        /// As the client sent it, text or number.
        #[schema(value_type = serde_json::Value)]
        confirm_id: Box<RawValue>,
    },
    /// A client event failed; the socket stays open.
    #[serde(rename = "server.warning")]
    Warning {
        /// What is wrong, for people.
        message: String,
        /// The offending envelope; `null` when it is no answer.
        #[schema(value_type = serde_json::Value)]
        orig: Box<RawValue>,
        /// Stable code of a warning that is no answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'static str>,
        /// What came up to here is not told over this socket: it must be fetched.
        #[serde(skip_serializing_if = "Option::is_none")]
        position: Option<Position>,
        /// The server stops: how long to wait, from the end of this socket, before another is opened.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// The socket cannot be; it is closed next.
    #[serde(rename = "server.panic")]
    Panic {
        /// Stable code.
        code: &'static str,
        /// Always `null`.
        #[schema(value_type = Option<Object>)]
        debug: (),
    },
    /// The server's time.
    #[serde(rename = "server.time")]
    Time {
        /// Now.
        time: Timestamp,
        /// Up to here the hearer was told everything.
        position: Position,
        /// Frames sent over this socket before this one.
        frames: u64,
    },
    /// The account logged in on another device.
    #[serde(rename = "server.login")]
    Login {
        /// The device's title.
        device_name: String,
    },
    /// The session of this socket is over.
    #[serde(rename = "server.logout")]
    Logout {
        /// Why.
        reason: String,
    },
    /// The client settings were replaced; the parameters are the settings themselves.
    #[serde(rename = "server.uisettings")]
    UiSettings(UiSettings),
    /// All that the team's screen shows, right after connecting, for those who ask for it; what comes behind its position is
    /// told by other frames.
    #[serde(rename = "server.roster")]
    Roster(Box<Roster>),
    /// Who is online.
    #[serde(rename = "server.online")]
    Online {
        /// Those who are.
        contacts: Vec<OnlineContact>,
        /// Calls are not offered: always `null`.
        #[schema(value_type = Option<Object>)]
        calls: (),
    },
    /// Teams changed.
    #[serde(rename = "server.team.updated")]
    TeamUpdated {
        /// As the hearer sees them.
        teams: Vec<Team>,
    },
    /// Teams are gone.
    #[serde(rename = "server.team.deleted")]
    TeamDeleted {
        /// Which ones.
        teams: Vec<DeletedTeam>,
    },
    /// What the hearer has not read in other teams is more or less than before.
    #[serde(rename = "server.team.counters")]
    TeamCounters {
        /// Those teams.
        teams: Vec<TeamCounters>,
        /// The hearer's unread in all teams.
        badge: u64,
    },
    /// Contacts changed.
    #[serde(rename = "server.contact.updated")]
    ContactUpdated {
        /// As the hearer sees them.
        contacts: Vec<Contact>,
    },
    /// Sections changed.
    #[serde(rename = "server.section.updated")]
    SectionUpdated {
        /// Of what: `direct` for contacts, `group`, `task`.
        chat_type: ChatType,
        /// Version, ns since 1970.
        gentime: i64,
        /// The sections.
        sections: Vec<Section>,
    },
    /// Sections are gone.
    #[serde(rename = "server.section.deleted")]
    SectionDeleted {
        /// Of what: `direct` for contacts, `group`, `task`.
        chat_type: ChatType,
        /// Version, ns since 1970.
        gentime: i64,
        /// Which ones.
        sections: Vec<DeletedSection>,
    },
    /// Chats changed.
    #[serde(rename = "server.chat.updated")]
    ChatUpdated {
        /// As the hearer sees them.
        chats: Vec<Chat>,
        /// The hearer's unread in this team.
        team_unread: Option<TeamUnread>,
        /// The hearer's unread in all teams.
        badge: Option<u64>,
    },
    /// Chats are gone.
    #[serde(rename = "server.chat.deleted")]
    ChatDeleted {
        /// Which ones.
        chats: Vec<DeletedChat>,
        /// The hearer's unread in this team.
        team_unread: Option<TeamUnread>,
        /// The hearer's unread in all teams.
        badge: Option<u64>,
    },
    /// The hearer has read chats, here or on another device.
    #[serde(rename = "server.chat.lastread")]
    ChatLastRead {
        /// Counters of the chats.
        chats: Vec<ChatCounters>,
        /// The hearer's unread in this team.
        team_unread: Option<TeamUnread>,
        /// The hearer's unread in all teams.
        badge: Option<u64>,
    },
    /// The hearer has begun to write something, here or on another device.
    #[serde(rename = "server.chat.draft")]
    ChatDraft {
        /// The chat as the hearer names it.
        jid: Jid,
        /// The text so far, empty for none.
        draft: String,
        /// How often a draft was saved there: the higher one is the newer one.
        draft_num: i64,
        /// Version, ns since 1970.
        draft_gentime: i64,
    },
    /// Somebody is typing, or stopped.
    #[serde(rename = "server.chat.composing")]
    ChatComposing {
        /// The chat as the hearer names it.
        jid: Jid,
        /// Who.
        actor: Jid,
        /// Typing, or stopped.
        composing: bool,
        /// Recording a voice message.
        is_audio: bool,
    },
    /// Reminders of the hearer's were set.
    #[serde(rename = "server.remind.updated")]
    RemindUpdated {
        /// The reminders.
        reminds: Vec<Remind>,
    },
    /// The time of reminders of the hearer's has come.
    #[serde(rename = "server.remind.fired")]
    RemindFired {
        /// The reminders.
        reminds: Vec<Remind>,
    },
    /// Reminders of the hearer's fire no more.
    #[serde(rename = "server.remind.deleted")]
    RemindDeleted {
        /// Which ones.
        reminds: Vec<Gone>,
    },
    /// Tags came to be.
    #[serde(rename = "server.tag.updated")]
    TagUpdated {
        /// The tags.
        tags: Vec<Tag>,
    },
    /// Tags are gone.
    #[serde(rename = "server.tag.deleted")]
    TagDeleted {
        /// Which ones.
        tags: Vec<Gone>,
    },
    /// Messages were posted, edited or deleted.
    #[serde(rename = "server.message.updated")]
    MessageUpdated {
        /// As the hearer sees them.
        messages: Vec<Message>,
        /// A silent update of ones that were there before.
        delayed: bool,
        /// Counters of their chats, when they changed.
        chat_counters: Vec<ChatCounters>,
        /// The hearer's unread in this team.
        team_unread: Option<TeamUnread>,
        /// The hearer's unread in all teams.
        badge: Option<u64>,
    },
    /// The hearer's messages were seen.
    #[serde(rename = "server.message.received")]
    MessageReceived {
        /// Which ones.
        messages: Vec<ReceivedMessage>,
    },
}

/// The settings that clients keep with the account: any object.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(value_type = Object)]
pub struct UiSettings(pub Box<RawValue>);

/// A part of the stream of events, for whoever asks for it by HTTP.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventsPage {
    /// Frames as they go over a socket.
    #[schema(value_type = Vec<Object>)]
    pub events: Vec<Box<RawValue>>,
    /// Up to here the caller was told everything: `from` of the next call.
    #[schema(example = "1234.0")]
    pub position: String,
}

/// Somebody online.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OnlineContact {
    /// Who.
    pub jid: Jid,
    /// Away from the keyboard.
    pub afk: bool,
    /// On a phone.
    pub mobile: bool,
}

/// Something that is gone, by its id alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Gone {
    /// Which one.
    pub uid: Uuid,
}

/// A team that is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeletedTeam {
    /// Which one.
    pub uid: Uuid,
    /// Always true.
    pub is_archive: bool,
    /// Version, ns since 1970.
    pub gentime: i64,
}

/// A section that is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeletedSection {
    /// Which one.
    pub uid: Uuid,
    /// Version, ns since 1970.
    pub gentime: i64,
}

/// A chat that is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeletedChat {
    /// Which one.
    pub jid: Jid,
    /// Its kind.
    pub chat_type: ChatType,
    /// Always true.
    pub is_archive: bool,
    /// Version, ns since 1970.
    pub gentime: i64,
}

/// A message that was seen by somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReceivedMessage {
    /// Its chat as the hearer names it.
    pub chat: Jid,
    /// Which one.
    pub message_id: Uuid,
    /// Seen.
    pub received: bool,
    /// By how many, the author left out.
    pub num_received: u32,
}
