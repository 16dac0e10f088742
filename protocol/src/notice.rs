//! Internal: notices that the projection writes for gateways, independent of any viewer. One row of the feed is one
//! notice.

mod bus;

pub use bus::{
    CommittedBatch, FEED_SUBJECT, HEAD_SUBJECT, LIVE_SUBJECT, READ_MODEL_SUBJECT, ReadModelAdvanced,
};

use crate::{FeedPosition, message::MessageRecord};
use chrono::{DateTime, Utc};
use events::{
    AccountId, ContactId, GroupId, MessageId, Position, RemindId, SectionId, SessionId, TagId, TeamId,
    chat::ChatRef,
    value::{SectionKind, SessionEnd},
};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// Owner of a feed row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Delivered to sockets of the team.
    Team(TeamId),
    /// Delivered to all sockets of the account, whatever their team.
    Account(AccountId),
}

impl Scope {
    /// The UUID alone, as the table keys it: UUIDs of teams and accounts never collide.
    pub fn uuid(&self) -> Uuid {
        match self {
            Self::Team(id) => id.0,
            Self::Account(id) => id.0,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid().fmt(f)
    }
}

/// Recipients of a feed row within its scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody in the scope.
    All,
    /// These contacts.
    Contacts(Vec<ContactId>),
    /// Members of the group at the time of delivery.
    Group(GroupId),
}

/// A row of the feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedRow {
    /// Position of the event that produced the row.
    pub position: Position,
    /// Ordinal among the rows of the event, from 0.
    pub ordinal: u32,
    /// Owner of the row.
    pub scope: Scope,
    /// Recipients within the scope.
    pub audience: Audience,
    /// Time of the event.
    pub at: DateTime<Utc>,
    /// The notice.
    pub notice: Notice,
}

impl FeedRow {
    /// The row's place in the feed.
    pub fn feed_position(&self) -> FeedPosition {
        FeedPosition { position: self.position, ordinal: self.ordinal }
    }
}

/// A change that clients are notified of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// A message was posted, edited or deleted.
    MessageUpdated {
        /// The message.
        message: Box<MessageRecord>,
        /// A silent update of an existing message.
        delayed: bool,
    },
    /// A contact has read a chat up to a message; for the contact's own sockets.
    ReadMarked {
        /// The contact.
        contact: ContactId,
        /// The chat.
        chat: ChatRef,
        /// The last message read.
        message: MessageId,
        /// Messages up to this number do not count as unread.
        base: i64,
        /// Number of unread messages.
        num_unread: u64,
        /// Numbers of the unread messages that mention the contact.
        mentions: Vec<i64>,
        /// Version of the counters.
        gentime: i64,
    },
    /// Messages were seen, or marked as not seen; for their authors.
    MessagesReceived {
        /// The chat.
        chat: ChatRef,
        /// The messages.
        messages: Vec<ReadReceipt>,
    },
    /// A contact changed its settings of a chat; for the contact's own sockets.
    #[serde(rename = "chat_kept")]
    ChatSettingsChanged {
        /// The contact.
        contact: ContactId,
        /// The chat.
        chat: ChatRef,
        /// Unread messages of the chat count towards the contact's totals.
        counted: bool,
    },
    /// A contact saved a draft; for the contact's own sockets.
    DraftSaved {
        /// The contact.
        contact: ContactId,
        /// The chat.
        chat: ChatRef,
        /// Text of the draft.
        draft: String,
        /// Number of times a draft was saved in the chat.
        num: i64,
        /// Version of the draft.
        gentime: i64,
    },
    /// A group or its members changed, or the group was created.
    GroupUpdated {
        /// The group.
        group: GroupId,
        /// New members.
        joined: Vec<ContactId>,
    },
    /// A group is gone for the recipients.
    GroupDeleted {
        /// The group.
        group: GroupId,
        /// Former members; empty when the group itself was deleted.
        left: Vec<ContactId>,
        /// Version of the group.
        gentime: i64,
    },
    /// A task or its participants changed, or the task was created.
    TaskUpdated {
        /// The task.
        task: GroupId,
        /// New participants.
        joined: Vec<ContactId>,
    },
    /// A task is gone for the recipients.
    TaskDeleted {
        /// The task.
        task: GroupId,
        /// Former participants; empty when the task itself was deleted.
        left: Vec<ContactId>,
        /// Version of the task.
        gentime: i64,
    },
    /// A tag was created.
    TagUpdated {
        /// The tag.
        tag: TagId,
        /// Name of the tag.
        name: String,
    },
    /// A tag was deleted.
    TagDeleted {
        /// The tag.
        tag: TagId,
    },
    /// A reminder was set; for its owner's sockets, as all notices about reminders.
    RemindUpdated {
        /// The reminder.
        remind: ReminderRecord,
    },
    /// A reminder fired.
    RemindFired {
        /// The reminder.
        remind: ReminderRecord,
    },
    /// A reminder was deleted.
    RemindDeleted {
        /// The reminder.
        remind: RemindId,
    },
    /// A team was created, or its settings or the recipient's rights in it changed.
    TeamUpdated {
        /// The team.
        team: TeamId,
    },
    /// A team was deleted.
    TeamDeleted {
        /// The team.
        team: TeamId,
        /// Version of the team.
        gentime: i64,
    },
    /// Contacts were added or changed.
    ContactsUpdated {
        /// The team.
        team: TeamId,
        /// The contacts; empty for everybody in the team.
        contacts: Vec<ContactId>,
    },
    /// A contact was removed from the team; its sockets there are closed.
    ContactRemoved {
        /// The team.
        team: TeamId,
        /// The contact.
        contact: ContactId,
    },
    /// Sections were created or changed.
    SectionsUpdated {
        /// The team.
        team: TeamId,
        /// Kind of the sections.
        #[serde(default = "contacts")]
        of: SectionKind,
        /// The sections.
        sections: Vec<SectionId>,
    },
    /// Sections were deleted.
    SectionsDeleted {
        /// The team.
        team: TeamId,
        /// Kind of the sections.
        #[serde(default = "contacts")]
        of: SectionKind,
        /// The sections.
        sections: Vec<SectionId>,
        /// Version of the sections.
        gentime: i64,
    },
    /// The account's client settings were replaced.
    UiSettings {
        /// Text of a JSON object.
        settings: String,
    },
    /// The account logged in on another device.
    LoggedIn {
        /// The new session, which is not notified itself.
        session: SessionId,
        /// Title of the device.
        device_name: String,
    },
    /// A session ended; its sockets are closed.
    SessionClosed {
        /// The session.
        session: SessionId,
        /// Reason for the end.
        reason: SessionEnd,
    },
}

/// Kind of the sections in notices written before the kind was stored.
fn contacts() -> SectionKind {
    SectionKind::Contacts
}

/// The number of readers of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadReceipt {
    /// Author of the message.
    pub author: ContactId,
    /// The message.
    pub message: MessageId,
    /// Number of other contacts that have seen the message, counted up to [`MessageRecord::READERS`].
    pub readers: u32,
}

/// A reminder independent of any viewer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReminderRecord {
    /// Id of the reminder.
    pub remind: RemindId,
    /// The chat.
    pub chat: ChatRef,
    /// Time when the reminder fires.
    pub fire_at: DateTime<Utc>,
    /// Comment; may be empty.
    pub comment: String,
}

impl Notice {
    /// The chat and the contacts that this notice adds to it.
    pub fn joined(&self) -> Option<(GroupId, &[ContactId])> {
        match self {
            Self::GroupUpdated { group: chat, joined } | Self::TaskUpdated { task: chat, joined } => {
                Some((*chat, joined))
            }
            _ => None,
        }
    }

    /// The chat and the contacts that this notice removes from it; no contacts means everybody.
    pub fn left(&self) -> Option<(GroupId, &[ContactId])> {
        match self {
            Self::GroupDeleted { group: chat, left, .. } | Self::TaskDeleted { task: chat, left, .. } => {
                Some((*chat, left))
            }
            _ => None,
        }
    }
}
