//! One scope as the hub follows it: its newest rows, and who listens.

use crate::hub::{
    elsewhere::Stirred,
    place::{Ear, Typing, hears, is_news_of_team},
    row::Row,
};
use events::{ContactId, GroupId, chat::ChatRef};
use protocol::{
    FeedPosition,
    notice::{Audience, FeedRow, Scope},
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

/// Names a socket within this process.
pub(crate) type SocketId = u64;

/// Rows kept for sockets that are about to go live: they need not read what was told a moment ago.
const RECENT: usize = 128;

/// One scope.
pub(crate) struct Channel {
    recent: VecDeque<Arc<Row>>,
    /// All rows behind here are among the recent ones.
    since: FeedPosition,
    members: HashMap<SocketId, Ear>,
    elsewhere: usize,
    /// What has moved unread counters since it was last asked, if anybody listens from elsewhere.
    stirred: Stirred,
    by_contact: HashMap<ContactId, Vec<SocketId>>,
    by_group: HashMap<GroupId, HashSet<SocketId>>,
}

impl Channel {
    /// A scope that is followed from here on.
    pub(crate) fn new(since: FeedPosition) -> Self {
        Self {
            recent: VecDeque::new(),
            since,
            members: HashMap::new(),
            elsewhere: 0,
            stirred: Stirred::default(),
            by_contact: HashMap::new(),
            by_group: HashMap::new(),
        }
    }

    /// Somebody listens from now on.
    pub(crate) fn add(&mut self, socket: SocketId, ear: Ear) {
        self.remove(socket);
        self.members.insert(socket, ear);
        match ear {
            Ear::Home(contact) => self.by_contact.entry(contact).or_default().push(socket),
            Ear::Elsewhere(_) => self.elsewhere += 1,
            Ear::Account => {}
        }
    }

    /// Somebody listens no longer. Its groups are to be removed first.
    pub(crate) fn remove(&mut self, socket: SocketId) {
        match self.members.remove(&socket) {
            Some(Ear::Home(contact)) => {
                if let Some(sockets) = self.by_contact.get_mut(&contact) {
                    sockets.retain(|known| *known != socket);
                    if sockets.is_empty() {
                        self.by_contact.remove(&contact);
                    }
                }
            }
            Some(Ear::Elsewhere(_)) => self.elsewhere -= 1,
            Some(Ear::Account) | None => {}
        }
    }

    /// Notes whose unread counters a row moves, for those who listen from elsewhere.
    pub(crate) fn stir(&mut self, feed: &FeedRow) {
        if self.elsewhere > 0 {
            self.stirred.note(feed);
        }
    }

    /// What has moved unread counters since the last time; nothing if nothing did.
    pub(crate) fn take_stirred(&mut self) -> Option<Stirred> {
        let stirred = std::mem::take(&mut self.stirred);
        (!stirred.is_empty()).then_some(stirred)
    }

    /// Who listens from elsewhere, and as whom.
    pub(crate) fn listeners_elsewhere(&self) -> Vec<(SocketId, ContactId)> {
        let elsewhere = |(socket, ear): (&SocketId, &Ear)| match ear {
            Ear::Elsewhere(contact) => Some((*socket, *contact)),
            Ear::Home(_) | Ear::Account => None,
        };
        self.members.iter().filter_map(elsewhere).collect()
    }

    /// Nobody listens.
    pub(crate) fn is_deserted(&self) -> bool {
        self.members.is_empty()
    }

    /// How a socket listens.
    pub(crate) fn ear(&self, socket: SocketId) -> Option<Ear> {
        self.members.get(&socket).copied()
    }

    /// The sockets of a contact.
    pub(crate) fn sockets_of(&self, contact: ContactId) -> &[SocketId] {
        self.by_contact.get(&contact).map_or(&[], Vec::as_slice)
    }

    /// A socket hears a group from now on.
    pub(crate) fn add_to_group(&mut self, socket: SocketId, group: GroupId) {
        self.by_group.entry(group).or_default().insert(socket);
    }

    /// A socket hears a group no longer.
    pub(crate) fn remove_from_group(&mut self, socket: SocketId, group: GroupId) {
        if let Some(sockets) = self.by_group.get_mut(&group) {
            sockets.remove(&socket);
            if sockets.is_empty() {
                self.by_group.remove(&group);
            }
        }
    }

    /// A group is gone; answers who heard it.
    pub(crate) fn remove_group(&mut self, group: GroupId) -> HashSet<SocketId> {
        self.by_group.remove(&group).unwrap_or_default()
    }

    /// Remembers a row.
    pub(crate) fn remember(&mut self, row: Arc<Row>) {
        if self.recent.len() == RECENT
            && let Some(oldest) = self.recent.pop_front()
        {
            self.since = oldest.feed.feed_position();
        }
        self.recent.push_back(row);
    }

    /// What came up to here is not known.
    pub(crate) fn know_from(&mut self, point: FeedPosition) {
        self.recent.clear();
        self.since = point;
    }

    /// The rows behind a point, if all of them are remembered.
    pub(crate) fn since(&self, point: FeedPosition) -> Option<impl Iterator<Item = &Arc<Row>>> {
        (point >= self.since).then(|| self.recent.iter().filter(move |row| row.feed.feed_position() > point))
    }

    /// The live sockets that must hear a row.
    pub(crate) fn targets(&self, feed: &FeedRow) -> Vec<SocketId> {
        let mut targets: Vec<SocketId> = match (&feed.scope, &feed.audience) {
            (Scope::Account(_), _) => self.where_ear(|ear| ear == Ear::Account).collect(),
            (Scope::Team(_), Audience::All) => self.where_ear(|ear| matches!(ear, Ear::Home(_))).collect(),
            (Scope::Team(_), Audience::Group(group)) => {
                self.by_group.get(group).into_iter().flatten().copied().collect()
            }
            (Scope::Team(_), Audience::Contacts(contacts)) => {
                contacts.iter().flat_map(|contact| self.sockets_of(*contact)).copied().collect()
            }
        };
        // Most rows are messages, which concern nobody elsewhere: then the members need not be looked through.
        if self.elsewhere > 0 && is_news_of_team(&feed.notice) {
            let nowhere = HashSet::new();
            targets
                .extend(self.where_ear(|ear| matches!(ear, Ear::Elsewhere(_)) && hears(ear, feed, &nowhere)));
        }
        targets
    }

    /// The live sockets that must hear that somebody types: never the actor's own.
    pub(crate) fn listeners(&self, typing: &Typing) -> Vec<SocketId> {
        match typing.chat {
            ChatRef::Direct(a, b) => {
                let other = if a == typing.actor { b } else { a };
                let sockets = if other == typing.actor { &[] } else { self.sockets_of(other) };
                sockets.to_vec()
            }
            ChatRef::Group(group) | ChatRef::Task(group) => {
                let members = self.by_group.get(&group).into_iter().flatten().copied();
                members.filter(|socket| self.ear(*socket) != Some(Ear::Home(typing.actor))).collect()
            }
        }
    }

    fn where_ear(&self, wanted: impl Fn(Ear) -> bool) -> impl Iterator<Item = SocketId> {
        self.members.iter().filter(move |(_, ear)| wanted(**ear)).map(|(socket, _)| *socket)
    }
}
