//! One scope as the hub follows it: its newest rows and its subscribers.

use crate::{
    hub::{
        cursor::{SubscriptionKind, is_news_of_team, wants},
        delivery::Typing,
        dirty_unread::DirtyUnread,
    },
    shared_row::SharedRow,
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

/// Id of a socket within this process.
pub(crate) type SocketId = u64;

/// Rows kept for subscribers that are about to go live, so that they need not read them from the table.
const RECENT: usize = 128;

/// The newest rows and the subscribers of one scope.
pub(crate) struct Channel {
    recent: VecDeque<Arc<SharedRow>>,
    /// All rows after this position are among the recent ones.
    since: FeedPosition,
    members: HashMap<SocketId, SubscriptionKind>,
    other_teams: usize,
    /// Unread counters that changed since they were last taken; kept only while another team's socket listens.
    dirty: DirtyUnread,
    by_contact: HashMap<ContactId, Vec<SocketId>>,
    by_group: HashMap<GroupId, HashSet<SocketId>>,
}

impl Channel {
    /// A scope that is followed from this position on.
    pub(crate) fn new(since: FeedPosition) -> Self {
        Self {
            recent: VecDeque::new(),
            since,
            members: HashMap::new(),
            other_teams: 0,
            dirty: DirtyUnread::default(),
            by_contact: HashMap::new(),
            by_group: HashMap::new(),
        }
    }

    /// Adds a subscriber.
    pub(crate) fn add(&mut self, socket: SocketId, kind: SubscriptionKind) {
        self.remove(socket);
        self.members.insert(socket, kind);
        match kind {
            SubscriptionKind::Team(contact) => self.by_contact.entry(contact).or_default().push(socket),
            SubscriptionKind::OtherTeam(_) => self.other_teams += 1,
            SubscriptionKind::Account => {}
        }
    }

    /// Removes a subscriber; its groups must be removed first.
    pub(crate) fn remove(&mut self, socket: SocketId) {
        match self.members.remove(&socket) {
            Some(SubscriptionKind::Team(contact)) => {
                if let Some(sockets) = self.by_contact.get_mut(&contact) {
                    sockets.retain(|known| *known != socket);
                    if sockets.is_empty() {
                        self.by_contact.remove(&contact);
                    }
                }
            }
            Some(SubscriptionKind::OtherTeam(_)) => self.other_teams -= 1,
            Some(SubscriptionKind::Account) | None => {}
        }
    }

    /// Marks the unread counters that a row changes, for sockets of other teams.
    pub(crate) fn mark_dirty(&mut self, feed: &FeedRow) {
        if self.other_teams > 0 {
            self.dirty.note(feed);
        }
    }

    /// Takes the changed unread counters; `None` when nothing changed.
    pub(crate) fn take_dirty(&mut self) -> Option<DirtyUnread> {
        let dirty = std::mem::take(&mut self.dirty);
        (!dirty.is_empty()).then_some(dirty)
    }

    /// The sockets of other teams that listen, each with its account's contact in this team.
    pub(crate) fn other_team_listeners(&self) -> Vec<(SocketId, ContactId)> {
        let other_teams = |(socket, kind): (&SocketId, &SubscriptionKind)| match kind {
            SubscriptionKind::OtherTeam(contact) => Some((*socket, *contact)),
            SubscriptionKind::Team(_) | SubscriptionKind::Account => None,
        };
        self.members.iter().filter_map(other_teams).collect()
    }

    /// Whether the scope has no subscribers.
    pub(crate) fn is_deserted(&self) -> bool {
        self.members.is_empty()
    }

    /// How a socket subscribes to the scope.
    pub(crate) fn kind(&self, socket: SocketId) -> Option<SubscriptionKind> {
        self.members.get(&socket).copied()
    }

    /// The sockets of a contact.
    pub(crate) fn sockets_of(&self, contact: ContactId) -> &[SocketId] {
        self.by_contact.get(&contact).map_or(&[], Vec::as_slice)
    }

    /// Adds a socket to the audience of a group.
    pub(crate) fn add_to_group(&mut self, socket: SocketId, group: GroupId) {
        self.by_group.entry(group).or_default().insert(socket);
    }

    /// Removes a socket from the audience of a group.
    pub(crate) fn remove_from_group(&mut self, socket: SocketId, group: GroupId) {
        if let Some(sockets) = self.by_group.get_mut(&group) {
            sockets.remove(&socket);
            if sockets.is_empty() {
                self.by_group.remove(&group);
            }
        }
    }

    /// Removes a group; returns its audience.
    pub(crate) fn remove_group(&mut self, group: GroupId) -> HashSet<SocketId> {
        self.by_group.remove(&group).unwrap_or_default()
    }

    /// Keeps a row among the recent ones.
    pub(crate) fn remember(&mut self, row: Arc<SharedRow>) {
        if self.recent.len() == RECENT
            && let Some(oldest) = self.recent.pop_front()
        {
            self.since = oldest.feed.feed_position();
        }
        self.recent.push_back(row);
    }

    /// Forgets the recent rows: rows up to this position are unknown.
    pub(crate) fn know_from(&mut self, point: FeedPosition) {
        self.recent.clear();
        self.since = point;
    }

    /// The rows after a position, if all of them are kept.
    pub(crate) fn since(&self, point: FeedPosition) -> Option<impl Iterator<Item = &Arc<SharedRow>>> {
        (point >= self.since).then(|| self.recent.iter().filter(move |row| row.feed.feed_position() > point))
    }

    /// The live sockets to which a row must be delivered.
    pub(crate) fn targets(&self, feed: &FeedRow) -> Vec<SocketId> {
        let mut targets: Vec<SocketId> = match (&feed.scope, &feed.audience) {
            (Scope::Account(_), _) => self.sockets_with(|kind| kind == SubscriptionKind::Account).collect(),
            (Scope::Team(_), Audience::All) => {
                self.sockets_with(|kind| matches!(kind, SubscriptionKind::Team(_))).collect()
            }
            (Scope::Team(_), Audience::Group(group)) => {
                self.by_group.get(group).into_iter().flatten().copied().collect()
            }
            (Scope::Team(_), Audience::Contacts(contacts)) => {
                contacts.iter().flat_map(|contact| self.sockets_of(*contact)).copied().collect()
            }
        };
        // Most rows are messages, which are not delivered to other teams: skip the scan of the members.
        if self.other_teams > 0 && is_news_of_team(&feed.notice) {
            let nowhere = HashSet::new();
            targets.extend(self.sockets_with(|kind| {
                matches!(kind, SubscriptionKind::OtherTeam(_)) && wants(kind, feed, &nowhere)
            }));
        }
        targets
    }

    /// The live sockets to which a typing notice must be delivered: never the typing contact's own.
    pub(crate) fn listeners(&self, typing: &Typing) -> Vec<SocketId> {
        match typing.chat {
            ChatRef::Direct(a, b) => {
                let other = if a == typing.actor { b } else { a };
                let sockets = if other == typing.actor { &[] } else { self.sockets_of(other) };
                sockets.to_vec()
            }
            ChatRef::Group(group) | ChatRef::Task(group) => {
                let members = self.by_group.get(&group).into_iter().flatten().copied();
                members
                    .filter(|socket| self.kind(*socket) != Some(SubscriptionKind::Team(typing.actor)))
                    .collect()
            }
        }
    }

    fn sockets_with(&self, wanted: impl Fn(SubscriptionKind) -> bool) -> impl Iterator<Item = SocketId> {
        self.members.iter().filter(move |(_, kind)| wanted(**kind)).map(|(socket, _)| *socket)
    }
}
