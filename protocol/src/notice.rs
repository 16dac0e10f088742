//! Internal: what a projection tells the gateways, neutral of any viewer. One row of the feed is one notice.

use crate::{FeedPosition, message::MessageRecord};
use chrono::{DateTime, Utc};
use events::{
    AccountId, ContactId, GroupId, MessageId, Position, RemindId, SectionId, SessionId, TagId, TeamId,
    chat::ChatRef,
    value::{SectionKind, SessionEnd},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{fmt, num::ParseIntError, str::FromStr};
use uuid::Uuid;

/// The bus subject on which [`CommittedBatch`] is published.
pub const FEED_SUBJECT: &str = "feed";
/// The bus subject on which a new head of the log is announced.
pub const HEAD_SUBJECT: &str = "log.head";
/// The bus subject on which the projection announces how far the read model has come: a [`ReadModelAdvanced`].
pub const READ_MODEL_SUBJECT: &str = "read.position";
/// The bus subject of what is never stored: typing and presence, `live.{team}`.
pub const LIVE_SUBJECT: &str = "live";

/// The read model has come this far. As text: the position, and `rights` behind it where rights may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadModelAdvanced {
    /// The last event that the rows show.
    pub position: Position,
    /// Whether sessions, memberships or access to chats may be others than before.
    pub rights: bool,
}

/// Behind the position.
const RIGHTS: &str = " rights";

impl fmt::Display for ReadModelAdvanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.position, if self.rights { RIGHTS } else { "" })
    }
}

impl FromStr for ReadModelAdvanced {
    type Err = ParseIntError;
    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let (position, rights) = text.strip_suffix(RIGHTS).map_or((text, false), |position| (position, true));
        Ok(Self { position: position.parse()?, rights })
    }
}

/// To whom a row belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Heard by sockets of the team.
    Team(TeamId),
    /// Heard by every socket of the account, whatever its team.
    Account(AccountId),
}

impl Scope {
    /// The uuid alone, as the table keys it: uuids of teams and accounts never meet.
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

/// Who within the scope must hear of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody in the scope.
    All,
    /// These contacts.
    Contacts(Vec<ContactId>),
    /// Whoever is a member of the group when it is delivered.
    Group(GroupId),
}

/// A row of the feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedRow {
    /// The event that it stems from.
    pub position: Position,
    /// Among the rows of one event, from 0.
    pub ordinal: u32,
    /// To whom it belongs.
    pub scope: Scope,
    /// Who must hear.
    pub audience: Audience,
    /// When the event happened.
    pub at: DateTime<Utc>,
    /// What.
    pub notice: Notice,
}

impl FeedRow {
    /// Its place among everything that is told.
    pub fn feed_position(&self) -> FeedPosition {
        FeedPosition { position: self.position, ordinal: self.ordinal }
    }
}

/// What one transaction of a projection added to the feed. Each names the end of the one before it, so who missed one
/// knows; and who has heard all knows that there is nothing else up to `position`, in any scope.
#[derive(Debug, Serialize, Deserialize)]
pub struct CommittedBatch {
    /// Where the read model stood before.
    pub after: Position,
    /// Where it stands now.
    pub position: Position,
    /// The rows in their order, each with the uuid of its scope; `None` when they are too much for the bus.
    pub rows: Option<Vec<(Uuid, Box<RawValue>)>>,
}

/// What happened, as far as clients are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// A message was posted, edited or deleted.
    MessageUpdated {
        /// The message.
        message: Box<MessageRecord>,
        /// A silent update of one that was there before.
        delayed: bool,
    },
    /// Somebody has read a chat up to a message: for their own sockets.
    ReadMarked {
        /// Who.
        contact: ContactId,
        /// Which chat.
        chat: ChatRef,
        /// The last message read.
        message: MessageId,
        /// Messages up to this number do not count as unread.
        base: i64,
        /// Messages not read.
        num_unread: u64,
        /// The numbers of those that mention the reader.
        mentions: Vec<i64>,
        /// Version of the counters.
        gentime: i64,
    },
    /// Somebody has seen messages, or says that they have not after all: for those who wrote them.
    MessagesReceived {
        /// In which chat.
        chat: ChatRef,
        /// Which ones.
        messages: Vec<ReadReceipt>,
    },
    /// A contact wants to see a chat otherwise: for their own sockets.
    #[serde(rename = "chat_kept")]
    ChatSettingsChanged {
        /// Who.
        contact: ContactId,
        /// Which chat.
        chat: ChatRef,
        /// What is unread in it counts.
        counted: bool,
    },
    /// A contact has begun to write something: for their own sockets.
    DraftSaved {
        /// Who.
        contact: ContactId,
        /// In which chat.
        chat: ChatRef,
        /// The text so far.
        draft: String,
        /// How often a draft was saved there.
        num: i64,
        /// Version.
        gentime: i64,
    },
    /// A group came to be or changed; or the members did.
    GroupUpdated {
        /// Which one.
        group: GroupId,
        /// Who is new in it.
        joined: Vec<ContactId>,
    },
    /// A group is gone for whoever hears this.
    GroupDeleted {
        /// Which one.
        group: GroupId,
        /// Who is no longer in it; empty when the group itself is gone.
        left: Vec<ContactId>,
        /// Version.
        gentime: i64,
    },
    /// A task came to be or changed; or those it concerns did.
    TaskUpdated {
        /// Which one.
        task: GroupId,
        /// Whom it concerns now and did not before.
        joined: Vec<ContactId>,
    },
    /// A task is gone for whoever hears this.
    TaskDeleted {
        /// Which one.
        task: GroupId,
        /// Whom it does not concern any more; empty when the task itself is gone.
        left: Vec<ContactId>,
        /// Version.
        gentime: i64,
    },
    /// A tag came to be.
    TagUpdated {
        /// The tag.
        tag: TagId,
        /// Its word.
        name: String,
    },
    /// A tag is gone.
    TagDeleted {
        /// Which one.
        tag: TagId,
    },
    /// A reminder was set: for its owner's sockets, as is all about reminders.
    RemindUpdated {
        /// The reminder.
        remind: ReminderRecord,
    },
    /// A reminder's time has come.
    RemindFired {
        /// The reminder.
        remind: ReminderRecord,
    },
    /// A reminder fires no more.
    RemindDeleted {
        /// Which one.
        remind: RemindId,
    },
    /// A team came to be, or its settings changed, or the hearer's place in it.
    TeamUpdated {
        /// Which one.
        team: TeamId,
    },
    /// A team is gone.
    TeamDeleted {
        /// Which one.
        team: TeamId,
        /// Version.
        gentime: i64,
    },
    /// Contacts came to be or changed.
    ContactsUpdated {
        /// Where.
        team: TeamId,
        /// Which ones; empty for everybody in the team.
        contacts: Vec<ContactId>,
    },
    /// Somebody is no longer in the team: sockets of theirs there are closed.
    ContactRemoved {
        /// Where.
        team: TeamId,
        /// Who.
        contact: ContactId,
    },
    /// Sections came to be or changed.
    SectionsUpdated {
        /// Where.
        team: TeamId,
        /// What they sort.
        #[serde(default = "contacts")]
        of: SectionKind,
        /// Which ones.
        sections: Vec<SectionId>,
    },
    /// Sections are gone.
    SectionsDeleted {
        /// Where.
        team: TeamId,
        /// What they sorted.
        #[serde(default = "contacts")]
        of: SectionKind,
        /// Which ones.
        sections: Vec<SectionId>,
        /// Version.
        gentime: i64,
    },
    /// The account's client settings were replaced.
    UiSettings {
        /// The text of a JSON object.
        settings: String,
    },
    /// The account logged in on another device.
    LoggedIn {
        /// The new session, which need not hear of itself.
        session: SessionId,
        /// The device's title.
        device_name: String,
    },
    /// A session ended: its sockets are closed.
    SessionClosed {
        /// Which one.
        session: SessionId,
        /// Why.
        reason: SessionEnd,
    },
}

/// What sections sort, where an older program told of them.
fn contacts() -> SectionKind {
    SectionKind::Contacts
}

/// How far a message has got.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadReceipt {
    /// Who wrote it.
    pub author: ContactId,
    /// The message.
    pub message: MessageId,
    /// How many others have seen it, counted up to [`MessageRecord::READERS`].
    pub readers: u32,
}

/// A reminder, neutral of its viewer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReminderRecord {
    /// Which one.
    pub remind: RemindId,
    /// Of which chat.
    pub chat: ChatRef,
    /// When.
    pub fire_at: DateTime<Utc>,
    /// Of what, may be empty.
    pub comment: String,
}

impl Notice {
    /// Who enters which conversation with this.
    pub fn joined(&self) -> Option<(GroupId, &[ContactId])> {
        match self {
            Self::GroupUpdated { group: chat, joined } | Self::TaskUpdated { task: chat, joined } => {
                Some((*chat, joined))
            }
            _ => None,
        }
    }

    /// Who leaves which conversation with this; nobody named means everybody.
    pub fn left(&self) -> Option<(GroupId, &[ContactId])> {
        match self {
            Self::GroupDeleted { group: chat, left, .. } | Self::TaskDeleted { task: chat, left, .. } => {
                Some((*chat, left))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ReadModelAdvanced;

    #[test]
    fn how_far_the_read_model_is_goes_through_text() {
        for projected in [
            ReadModelAdvanced { position: 7, rights: false },
            ReadModelAdvanced { position: 7, rights: true },
        ] {
            assert_eq!(projected.to_string().parse(), Ok(projected));
        }
        assert!("rights".parse::<ReadModelAdvanced>().is_err());
    }
}
