//! Unread counters of a contact, maintained from the feed without asking the database for each message.
//!
//! They are loaded at one position of the log; rows up to it are rendered but not counted again.

use events::{ChatKey, ContactId, Position, TeamId, chat::ChatRef, message::Author};
use protocol::{
    message::{ChatType, ContentType, MessageRecord},
    notice::{FeedRow, Notice},
    reading::ChatCounters,
    team::{TeamCounters, TeamUnread, Unread},
};
use read_model::{
    ReadModel, Result,
    chat_address::jid_for,
    reading::{ChatMark, ChatMarks},
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Time for which the counters of the account's other teams are reused when no change is reported.
const OTHER_TEAMS_FRESH: Duration = Duration::from_secs(30);

/// Unread counters of one contact, and of its account's contacts in other teams.
pub(crate) struct Counters {
    contact: ContactId,
    /// Rows of events up to this position are already counted.
    position: Position,
    chats: HashMap<ChatKey, ChatUnread>,
    /// Tasks that the contact has joined recently and that have no messages yet.
    joined: HashSet<ChatKey>,
    /// Chats that are left out of the totals.
    uncounted: HashSet<ChatKey>,
    team: TeamUnread,
    /// The account's contacts in its other teams.
    others: Vec<(TeamId, ContactId)>,
    /// Their unread counters.
    other_teams: HashMap<ContactId, TeamUnread>,
    asked: Instant,
}

/// Read mark and unread messages of one chat.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ChatUnread {
    kind: ChatType,
    /// Messages up to this number are read.
    base: i64,
    unread: u64,
    /// Numbers of the unread messages that mention the contact.
    mentions: BTreeSet<i64>,
    last_read: Option<Uuid>,
    /// Version of the read mark.
    gentime: i64,
    /// Version of everything else in the contact's view of the chat.
    version: i64,
}

impl ChatUnread {
    /// A chat without messages after `base`.
    fn nothing(kind: ChatType, base: i64) -> Self {
        Self { kind, base, unread: 0, mentions: BTreeSet::new(), last_read: None, gentime: 0, version: 0 }
    }

    fn of(mark: ChatMark) -> (ChatKey, Self) {
        let ChatMark { chat, kind, base, unread, mentions, last_read, gentime, version } = mark;
        let mentions = mentions.into_iter().collect();
        (chat, Self { kind, base, unread, mentions, last_read, gentime, version })
    }
}

impl Counters {
    /// Loads the counters of a contact; `others` are its account's contacts in other teams.
    pub(crate) async fn load(
        read: &ReadModel,
        contact: ContactId,
        others: Vec<(TeamId, ContactId)>,
    ) -> Result<Self> {
        let mut counters = Self::new(contact, read.unread().chat_marks(contact).await?);
        counters.set_others(others);
        counters.refresh(read).await?;
        Ok(counters)
    }

    fn new(contact: ContactId, loaded: ChatMarks) -> Self {
        let mut counters = Self {
            contact,
            position: loaded.position,
            chats: HashMap::with_capacity(loaded.marks.len()),
            joined: HashSet::new(),
            uncounted: loaded.uncounted.into_iter().collect(),
            team: TeamUnread::default(),
            others: Vec::new(),
            other_teams: HashMap::new(),
            asked: Instant::now(),
        };
        for (chat, state) in loaded.marks.into_iter().map(ChatUnread::of) {
            counters.put(chat, state);
        }
        counters
    }

    /// Replaces the account's contacts in other teams; their counters are stale then.
    pub(crate) fn set_others(&mut self, others: Vec<(TeamId, ContactId)>) {
        self.other_teams.retain(|contact, _| others.iter().any(|(_, other)| other == contact));
        self.others = others;
        self.asked = Instant::now().checked_sub(OTHER_TEAMS_FRESH).unwrap_or_else(Instant::now);
    }

    /// Counts the unread messages of the account's other teams, unless they were counted recently.
    pub(crate) async fn refresh(&mut self, read: &ReadModel) -> Result<()> {
        if self.others.is_empty() || self.asked.elapsed() < OTHER_TEAMS_FRESH {
            return Ok(());
        }
        self.asked = Instant::now();
        let contacts: Vec<ContactId> = self.others.iter().map(|(_, contact)| *contact).collect();
        self.other_teams = read.unread().counts(&contacts).await?;
        Ok(())
    }

    /// Sets the counters of the account's contact in another team; returns them if they changed.
    pub(crate) fn set_other_team(&mut self, contact: ContactId, unread: TeamUnread) -> Option<TeamCounters> {
        let (team, _) = self.others.iter().find(|(_, other)| *other == contact)?;
        let before = self.other_teams.insert(contact, unread).unwrap_or_default();
        (before != unread).then_some(TeamCounters { uid: team.0, unread })
    }

    /// Applies a row of the contact's own team, unless it is already counted. Returns whether the counters of the
    /// row's chat changed.
    pub(crate) fn apply(&mut self, row: &FeedRow) -> bool {
        if row.position <= self.position {
            return false;
        }
        match &row.notice {
            Notice::MessageUpdated { message, delayed: false } => self.posted(message),
            Notice::MessageUpdated { message, delayed: true } => self.changed(message),
            // Readers of a public task who are not its participants have no unread messages in it.
            Notice::ReadMarked { chat: chat @ ChatRef::Task(_), .. } if !self.concerns(*chat) => false,
            Notice::TaskUpdated { task, joined } if joined.contains(&self.contact) => {
                self.joined.insert(ChatRef::Task(*task).key());
                false
            }
            Notice::ReadMarked { contact, chat, message, base, num_unread, mentions, gentime }
                if *contact == self.contact =>
            {
                let mut state = self.chat_unread(*chat, *base);
                state.base = *base;
                state.unread = *num_unread;
                state.mentions = mentions.iter().copied().collect();
                state.last_read = Some(message.0);
                state.gentime = *gentime;
                self.put(chat.key(), state)
            }
            Notice::ChatSettingsChanged { contact, chat, counted } if *contact == self.contact => {
                self.keep(chat.key(), *counted);
                false
            }
            Notice::TaskDeleted { task, left, .. } if left.is_empty() || left.contains(&self.contact) => {
                self.forget(ChatRef::Task(*task).key());
                false
            }
            Notice::GroupDeleted { group, left, .. } if left.is_empty() || left.contains(&self.contact) => {
                self.forget(ChatRef::Group(*group).key());
                false
            }
            _ => false,
        }
    }

    fn posted(&mut self, message: &MessageRecord) -> bool {
        // Messages before joining a group count as read; a direct chat begins with its first message.
        let kind = ChatType::of(message.chat);
        let mut state =
            self.chat_unread(message.chat, if kind == ChatType::Direct { 0 } else { message.num - 1 });
        state.version = state.version.max(message.chat_gentime);
        let is_change = message.kind == ContentType::Change;
        if message.author == Author::Contact(self.contact) && !is_change {
            // Posting marks everything before as read.
            state.base = message.num;
            state.unread = 0;
            state.mentions.clear();
            state.last_read = Some(message.id.0);
            state.gentime = message.gentime.max(state.gentime + 1);
        } else if message.counts_as_unread() && message.num > state.base {
            state.unread += 1;
            if message.mentioned.contains(&self.contact) {
                state.mentions.insert(message.num);
            }
        }
        self.put(message.chat.key(), state)
    }

    /// Applies an edit or a deletion: it can change the mentions, or remove the message from the counters. A
    /// deletion is a new version of the chat.
    fn changed(&mut self, message: &MessageRecord) -> bool {
        let key = message.chat.key();
        let Some(mut state) = self.chats.get(&key).cloned() else { return false };
        state.version = state.version.max(message.chat_gentime);
        if message.num <= state.base {
            return self.put(key, state);
        }
        if message.is_deleted() && !message.silently {
            state.unread = state.unread.saturating_sub(1);
        }
        if message.counts_as_unread() && message.mentioned.contains(&self.contact) {
            state.mentions.insert(message.num);
        } else {
            state.mentions.remove(&message.num);
        }
        self.put(key, state)
    }

    fn keep(&mut self, key: ChatKey, counted: bool) {
        let state = self.forget(key);
        if counted {
            self.uncounted.remove(&key);
        } else {
            self.uncounted.insert(key);
        }
        if let Some(state) = state {
            self.put(key, state);
        }
    }

    fn concerns(&self, task: ChatRef) -> bool {
        self.chats.contains_key(&task.key()) || self.joined.contains(&task.key())
    }

    fn forget(&mut self, key: ChatKey) -> Option<ChatUnread> {
        self.joined.remove(&key);
        let state = self.chats.remove(&key)?;
        self.count(key, &state, -1);
        Some(state)
    }

    /// The counters of a chat.
    pub(crate) fn of(&self, chat: ChatRef) -> ChatCounters {
        let state = self.chats.get(&chat.key());
        ChatCounters {
            chat_type: ChatType::of(chat),
            gentime: state.map_or(0, |known| known.gentime.max(known.version)),
            jid: jid_for(self.contact, chat),
            last_read_message_id: state.and_then(|known| known.last_read),
            num_unread: state.map_or(0, |known| known.unread),
            num_unread_notices: state.map_or(0, |known| known.mentions.len() as u64),
        }
    }

    /// Unread counters of this team.
    pub(crate) fn team(&self) -> TeamUnread {
        self.team
    }

    /// Number of unread messages in all teams.
    pub(crate) fn badge(&self) -> u64 {
        self.team.messages() + self.other_teams.values().map(TeamUnread::messages).sum::<u64>()
    }

    fn chat_unread(&self, chat: ChatRef, base: i64) -> ChatUnread {
        let known = self.chats.get(&chat.key()).cloned();
        known.unwrap_or_else(|| ChatUnread::nothing(ChatType::of(chat), base))
    }

    /// Stores the state of a chat; returns whether it changed.
    fn put(&mut self, key: ChatKey, state: ChatUnread) -> bool {
        self.count(key, &state, 1);
        let before = self.chats.insert(key, state);
        if let Some(before) = &before {
            self.count(key, before, -1);
        }
        before.as_ref() != self.chats.get(&key)
    }

    /// Adds a chat to the totals of its kind (`sign` 1), or removes it (-1).
    fn count(&mut self, key: ChatKey, state: &ChatUnread, sign: i64) {
        if self.uncounted.contains(&key) {
            return;
        }
        let Unread { chats, messages } = match state.kind {
            ChatType::Direct => &mut self.team.direct,
            ChatType::Group => &mut self.team.group,
            ChatType::Task => &mut self.team.task,
        };
        *chats = chats.saturating_add_signed(sign * i64::from(state.unread > 0));
        *messages = messages.saturating_add_signed(sign * state.unread.cast_signed());
    }
}

#[cfg(test)]
mod tests;
