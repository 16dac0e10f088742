//! A contact's unread counters, counted along with the feed: nothing is asked of the database for each message.
//!
//! Every message bears its number in its chat, so counting it twice changes nothing: what was loaded may be newer than
//! the row that comes next.

use events::{ChatKey, ContactId, MessageId, chat::ChatRef, message::Author};
use protocol::{
    message::{ChatType, NeutralMessage},
    reading::ChatCounters,
    team::{TeamUnread, Unread},
};
use read_model::{ReadModel, Result, chat::jid_for, feed::ChatMark};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// How long the counters of the account's other teams are good: their messages are not heard here.
const ELSEWHERE_FRESH: Duration = Duration::from_secs(30);

/// See the file's head.
pub(crate) struct Counters {
    contact: ContactId,
    chats: HashMap<ChatKey, Standing>,
    team: TeamUnread,
    /// The account's contacts in its other teams.
    others: Vec<ContactId>,
    elsewhere: u64,
    asked: Instant,
}

/// How far a chat is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    kind: ChatType,
    last_num: i64,
    read_num: i64,
    since: i64,
    last_read: Option<Uuid>,
    gentime: i64,
    notices: u64,
}

impl Standing {
    /// A chat of which nothing is known.
    fn nothing(kind: ChatType) -> Self {
        Self { kind, last_num: 0, read_num: 0, since: 0, last_read: None, gentime: 0, notices: 0 }
    }

    fn unread(&self) -> u64 {
        (self.last_num - self.read_num.max(self.since)).max(0).unsigned_abs()
    }
}

impl Counters {
    /// The counters of a contact; `others` are its account's contacts in other teams.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn load(read: &ReadModel, contact: ContactId, others: Vec<ContactId>) -> Result<Self> {
        let mut counters = Self::new(contact, read.chat_marks(contact).await?);
        counters.set_others(others);
        counters.refresh(read).await?;
        Ok(counters)
    }

    fn new(contact: ContactId, marks: Vec<ChatMark>) -> Self {
        let mut counters = Self {
            contact,
            chats: HashMap::with_capacity(marks.len()),
            team: TeamUnread::default(),
            others: Vec::new(),
            elsewhere: 0,
            asked: Instant::now(),
        };
        for mark in marks {
            let ChatMark { chat, kind, last_num, read_num, since, last_read, gentime, notices } = mark;
            counters.put(chat, Standing { kind, last_num, read_num, since, last_read, gentime, notices });
        }
        counters
    }

    /// The account's place in other teams has changed.
    pub(crate) fn set_others(&mut self, others: Vec<ContactId>) {
        self.others = others;
        self.elsewhere = 0;
        self.asked = Instant::now().checked_sub(ELSEWHERE_FRESH).unwrap_or_else(Instant::now);
    }

    /// Counts the account's other teams anew, unless that was done a moment ago.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn refresh(&mut self, read: &ReadModel) -> Result<()> {
        if self.others.is_empty() || self.asked.elapsed() < ELSEWHERE_FRESH {
            return Ok(());
        }
        self.asked = Instant::now();
        self.elsewhere = read.unread(&self.others).await?.values().map(TeamUnread::messages).sum();
        Ok(())
    }

    /// A message was posted.
    pub(crate) fn posted(&mut self, message: &NeutralMessage) {
        let key = message.chat.key();
        let kind = ChatType::of(message.chat);
        // Of a group that was joined a moment ago all before is no news; a direct chat begins with its first message.
        let since = if kind == ChatType::Direct { 0 } else { message.num - 1 };
        let unknown = Standing { since, ..Standing::nothing(kind) };
        let mut standing = self.chats.get(&key).copied().unwrap_or(unknown);
        let is_new = message.num > standing.last_num;
        standing.last_num = standing.last_num.max(message.num);
        if message.author == Author::Contact(self.contact) {
            // Whoever posts has read all before (protocol.md 6, item 101).
            if message.num > standing.read_num {
                standing.read_num = message.num;
                standing.last_read = Some(message.id.0);
                standing.gentime = standing.gentime.max(message.gentime);
                standing.notices = 0;
            }
        } else if is_new && message.num > standing.read_num && message.mentioned.contains(&self.contact) {
            standing.notices += 1;
        }
        self.put(key, standing);
    }

    /// The contact has read a chat up to a message.
    pub(crate) fn read(&mut self, chat: ChatRef, message: MessageId, num_unread: i64, gentime: i64) {
        let key = chat.key();
        let unknown = Standing { last_num: num_unread, ..Standing::nothing(ChatType::of(chat)) };
        let mut standing = self.chats.get(&key).copied().unwrap_or(unknown);
        if gentime <= standing.gentime {
            return;
        }
        standing.read_num = standing.last_num - num_unread;
        standing.last_read = Some(message.0);
        standing.gentime = gentime;
        if num_unread <= 0 {
            standing.notices = 0;
        }
        self.put(key, standing);
    }

    /// Mentions left unread in a chat, as the database counts them.
    pub(crate) fn set_notices(&mut self, chat: ChatRef, notices: u64) {
        if let Some(standing) = self.chats.get_mut(&chat.key()) {
            standing.notices = notices;
        }
    }

    /// A group is gone, or the contact is no longer in it.
    pub(crate) fn forget(&mut self, chat: ChatRef) {
        if let Some(standing) = self.chats.remove(&chat.key()) {
            count(&mut self.team, standing, -1);
        }
    }

    /// The counters of a chat.
    pub(crate) fn of(&self, chat: ChatRef) -> ChatCounters {
        let standing = self.chats.get(&chat.key());
        ChatCounters {
            chat_type: ChatType::of(chat),
            gentime: standing.map_or(0, |known| known.gentime),
            jid: jid_for(self.contact, chat),
            last_read_message_id: standing.and_then(|known| known.last_read),
            num_unread: standing.map_or(0, Standing::unread),
            num_unread_notices: standing.map_or(0, |known| known.notices),
        }
    }

    /// Unread in this team.
    pub(crate) fn team(&self) -> TeamUnread {
        self.team
    }

    /// Unread messages in all teams.
    pub(crate) fn badge(&self) -> u64 {
        self.team.messages() + self.elsewhere
    }

    fn put(&mut self, key: ChatKey, standing: Standing) {
        if let Some(before) = self.chats.insert(key, standing) {
            count(&mut self.team, before, -1);
        }
        count(&mut self.team, standing, 1);
    }
}

/// Adds a chat to the sums of its kind, or takes it out.
fn count(team: &mut TeamUnread, standing: Standing, sign: i64) {
    let Unread { chats, messages } = match standing.kind {
        ChatType::Direct => &mut team.direct,
        ChatType::Group => &mut team.group,
        ChatType::Task => &mut team.task,
    };
    let unread = standing.unread();
    *chats = chats.saturating_add_signed(sign * i64::from(unread > 0));
    *messages = messages.saturating_add_signed(sign * unread.cast_signed());
}

#[cfg(test)]
mod tests;
