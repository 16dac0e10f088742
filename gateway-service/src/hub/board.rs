//! Who hears which scope, and where everybody stands. Pure: it neither waits nor reads.

use crate::{
    hub::{
        channel::{Channel, SocketId},
        elsewhere::Stirred,
        place::{Delivery, Ear, Place, Typing},
        row::Row,
    },
    meters,
};
use events::{ContactId, GroupId, TeamId};
use protocol::{
    notice::{FeedRow, Notice, Scope},
    team::TeamUnread,
};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::mpsc::{Sender, error::TrySendError};
use uuid::Uuid;

/// Room that typing must leave in a socket's queue.
const RESERVED_FOR_ROWS: usize = 128;

/// See the file's head.
#[derive(Default)]
pub(crate) struct Board {
    channels: HashMap<Scope, Channel>,
    scopes: HashMap<Uuid, Scope>,
    outlets: HashMap<SocketId, Outlet>,
    wanted: HashSet<Scope>,
}

/// The hub's end of a socket.
struct Outlet {
    queue: Sender<Delivery>,
    ears: HashMap<Scope, Ear>,
    state: State,
    /// Tells the socket's task that it is behind.
    behind: Arc<AtomicBool>,
}

enum State {
    /// Rows are handed out as they come.
    Live {
        /// The groups that the contact is in.
        groups: HashSet<GroupId>,
        /// Where the socket, reading for itself, was faster than the hub: up to there it has heard all.
        ahead: HashMap<Scope, i64>,
    },
    /// The socket reads for itself. Its place lies here until the socket takes it.
    Behind(Option<Place>),
}

impl Board {
    /// A socket comes, not yet live.
    pub(crate) fn enter(&mut self, socket: SocketId, queue: Sender<Delivery>, behind: Arc<AtomicBool>) {
        behind.store(true, Ordering::Release);
        let outlet = Outlet { queue, ears: HashMap::new(), state: State::Behind(None), behind };
        self.outlets.insert(socket, outlet);
    }

    /// A socket listens to one more scope. Answers where the scope stands, if that is known.
    pub(crate) fn listen(&mut self, socket: SocketId, scope: Scope, ear: Ear) -> Option<i64> {
        let outlet = self.outlets.get_mut(&socket)?;
        outlet.ears.insert(scope, ear);
        self.scopes.insert(scope.uuid(), scope);
        let channel = self.channels.entry(scope).or_default();
        channel.add(socket, ear);
        if let (State::Behind(Some(place)), Some(last)) = (&mut outlet.state, channel.last) {
            place.cursors.insert(scope, (ear, last));
        }
        channel.last
    }

    /// A socket goes.
    pub(crate) fn leave(&mut self, socket: SocketId) {
        let Some(outlet) = self.outlets.remove(&socket) else { return };
        for scope in outlet.ears.keys() {
            if let State::Live { groups, .. } = &outlet.state {
                self.unlist(socket, *scope, groups);
            }
            let Some(channel) = self.channels.get_mut(scope) else { continue };
            channel.remove(socket);
            if channel.is_deserted() {
                self.channels.remove(scope);
                self.scopes.remove(&scope.uuid());
                self.wanted.remove(scope);
            }
        }
    }

    /// The head of a scope that was not followed so far.
    pub(crate) fn settle(&mut self, scope: Scope, head: i64) {
        let Some(channel) = self.channels.get_mut(&scope) else { return };
        if channel.last.is_some() {
            return;
        }
        channel.last = Some(head);
        for (socket, ear) in channel.members() {
            if let Some(State::Behind(Some(place))) =
                self.outlets.get_mut(&socket).map(|outlet| &mut outlet.state)
            {
                place.cursors.entry(scope).or_insert((ear, head));
            }
        }
        if channel.heard > head {
            self.want(scope);
        }
    }

    /// A row came over the bus.
    pub(crate) fn accept(&mut self, feed: FeedRow) {
        let scope = feed.scope;
        let Some(channel) = self.channels.get_mut(&scope) else { return };
        channel.heard = channel.heard.max(feed.seq);
        match channel.last {
            Some(last) if feed.seq == last + 1 => self.hand_out(feed),
            Some(last) if feed.seq > last => self.want(scope),
            // Told already, or before anybody listened.
            Some(_) | None => {}
        }
    }

    /// A row was read from the table, which has no holes: if there is one after all, nothing better will come.
    pub(crate) fn accept_read(&mut self, feed: FeedRow) {
        let last = self.channels.get(&feed.scope).and_then(|channel| channel.last);
        let Some(last) = last.filter(|last| feed.seq > *last) else { return };
        if feed.seq > last + 1 {
            tracing::error!(scope = %feed.scope, last, seq = feed.seq, "the feed has a hole");
        }
        self.hand_out(feed);
    }

    /// The heads of scopes as the table has them. What was already so when it was last asked and has not come is
    /// missed; `at_once` does not wait for a second look.
    pub(crate) fn note_heads(&mut self, heads: &HashMap<Uuid, i64>, at_once: bool) {
        for (uuid, head) in heads {
            let Some(scope) = self.scopes.get(uuid).copied() else { continue };
            let Some(channel) = self.channels.get_mut(&scope) else { continue };
            let Some(last) = channel.last else { continue };
            let overdue = channel.heard > last;
            channel.heard = channel.heard.max(*head);
            if *head > last && (at_once || overdue) {
                self.want(scope);
            }
        }
    }

    /// The scopes that are to be read from the table.
    pub(crate) fn take_wanted(&mut self) -> HashSet<Scope> {
        std::mem::take(&mut self.wanted)
    }

    /// Where to read a scope from; `None` when nobody listens any more.
    pub(crate) fn read_from(&mut self, scope: Scope) -> Option<i64> {
        let channel = self.channels.get_mut(&scope)?;
        channel.again = false;
        channel.last
    }

    /// The table was read to its end. True when that is all; false when more was missed meanwhile.
    pub(crate) fn filled(&mut self, scope: Scope) -> bool {
        let Some(channel) = self.channels.get_mut(&scope) else { return true };
        channel.filling = channel.again;
        !channel.again
    }

    /// The table could not be read: whoever looks at the heads next will try again.
    pub(crate) fn fill_failed(&mut self, scope: Scope) {
        if let Some(channel) = self.channels.get_mut(&scope) {
            channel.filling = false;
        }
    }

    /// The scopes that somebody listens to.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        self.channels.keys().copied().collect()
    }

    /// The scope of that uuid, if somebody listens to it.
    pub(crate) fn scope(&self, uuid: Uuid) -> Option<Scope> {
        self.scopes.get(&uuid).copied()
    }

    /// The place of a socket that fell behind; once.
    pub(crate) fn take_place(&mut self, socket: SocketId) -> Option<Place> {
        match &mut self.outlets.get_mut(&socket)?.state {
            State::Behind(place) => place.take(),
            State::Live { .. } => None,
        }
    }

    /// A socket that has read up to its place hears rows as they come from now on; what came since then it gets at
    /// once.
    ///
    /// # Errors
    /// It is too far behind: it gets its place back and must read on.
    pub(crate) fn go_live(&mut self, socket: SocketId, mut place: Place) -> Result<(), Place> {
        let Some(outlet) = self.outlets.get_mut(&socket) else { return Ok(()) };
        let mut rows = Vec::new();
        let cursors: Vec<(Scope, i64)> = place.cursors.iter().map(|(scope, (_, at))| (*scope, *at)).collect();
        for (scope, at) in &cursors {
            let Some(channel) = self.channels.get(scope) else { continue };
            let Some(recent) = channel.since(*at) else { return Err(place) };
            rows.extend(recent.cloned());
        }
        // Nothing of the place may change before it is certain that all fits: rows that do not concern it count too.
        if rows.len() > outlet.queue.capacity() {
            return Err(place);
        }
        for row in rows {
            if place.pass(&row.feed) {
                // There is room: only the hub fills the queue, and it does not run now.
                let _ = outlet.queue.try_send(Delivery::Row(row));
            }
        }
        for (scope, (ear, _)) in &place.cursors {
            let Some(channel) = self.channels.get_mut(scope) else { continue };
            if matches!(ear, Ear::Home(_)) {
                for group in &place.groups {
                    channel.add_to_group(socket, *group);
                }
            }
        }
        let is_ahead =
            |(scope, at): &(Scope, i64)| self.channels.get(scope).and_then(|known| known.last) < Some(*at);
        let ahead = cursors.into_iter().filter(is_ahead).collect();
        outlet.state = State::Live { groups: place.groups, ahead };
        outlet.behind.store(false, Ordering::Release);
        Ok(())
    }

    /// Whether a live socket hears a group.
    pub(crate) fn is_in_group(&self, socket: SocketId, group: GroupId) -> bool {
        match self.outlets.get(&socket).map(|outlet| &outlet.state) {
            Some(State::Live { groups, .. }) => groups.contains(&group),
            Some(State::Behind(Some(place))) => place.groups.contains(&group),
            Some(State::Behind(None)) | None => false,
        }
    }

    /// Somebody types: told to those who are live and have room.
    pub(crate) fn typing(&self, team: TeamId, typing: &Arc<Typing>) {
        let Some(channel) = self.channels.get(&Scope::Team(team)) else { return };
        for socket in channel.listeners(typing) {
            let Some(outlet) = self.outlets.get(&socket) else { continue };
            let live = matches!(outlet.state, State::Live { .. });
            if live && outlet.queue.capacity() > RESERVED_FOR_ROWS {
                let _ = outlet.queue.try_send(Delivery::Typing(Arc::clone(typing)));
            } else {
                meters::transient_dropped();
            }
        }
    }

    /// In which teams unread counters have moved, and who listens to them from elsewhere.
    pub(crate) fn take_stirred(&mut self) -> Vec<(Stirred, Vec<(SocketId, ContactId)>)> {
        let channels = self.channels.values_mut();
        channels
            .filter_map(|channel| Some((channel.take_stirred()?, channel.listeners_elsewhere())))
            .collect()
    }

    /// Tells a socket how much is unread in another team. One that reads for itself or has no room asks by itself later.
    pub(crate) fn tell_elsewhere(&self, socket: SocketId, contact: ContactId, unread: TeamUnread) {
        let Some(outlet) = self.outlets.get(&socket) else { return };
        if matches!(outlet.state, State::Live { .. }) && outlet.queue.capacity() > RESERVED_FOR_ROWS {
            let _ = outlet.queue.try_send(Delivery::Elsewhere { contact, unread });
        } else {
            meters::transient_dropped();
        }
    }

    /// Asks for a scope to be read from the table.
    fn want(&mut self, scope: Scope) {
        let Some(channel) = self.channels.get_mut(&scope) else { return };
        if channel.filling {
            channel.again = true;
        } else {
            channel.filling = true;
            self.wanted.insert(scope);
        }
    }

    fn hand_out(&mut self, feed: FeedRow) {
        let scope = feed.scope;
        if let Notice::GroupUpdated { group, joined } = &feed.notice {
            self.join(scope, *group, joined);
        }
        let row = Arc::new(Row::new(feed));
        let Some(channel) = self.channels.get(&scope) else { return };
        let mut full = Vec::new();
        for socket in channel.targets(&row.feed) {
            let Some(outlet) = self.outlets.get(&socket).filter(|outlet| outlet.awaits(&row.feed)) else {
                continue;
            };
            if let Err(TrySendError::Full(_)) = outlet.queue.try_send(Delivery::Row(Arc::clone(&row))) {
                full.push(socket);
            }
        }
        for socket in full {
            self.fall_behind(socket);
        }
        if let Notice::GroupDeleted { group, left, .. } = &row.feed.notice {
            self.part(scope, *group, left);
        }
        if let Some(channel) = self.channels.get_mut(&scope) {
            channel.stir(&row.feed);
            channel.advance(row);
        }
    }

    /// A socket's queue is full: it stands before the row that is being handed out, and reads for itself from there.
    fn fall_behind(&mut self, socket: SocketId) {
        let Some(outlet) = self.outlets.get_mut(&socket) else { return };
        let State::Live { groups, ahead } = &mut outlet.state else { return };
        let (groups, ahead) = (std::mem::take(groups), std::mem::take(ahead));
        let last = |scope: &Scope| {
            let handed_out = self.channels.get(scope).and_then(|channel| channel.last).unwrap_or(0);
            ahead.get(scope).map_or(handed_out, |at| handed_out.max(*at))
        };
        let cursors = outlet.ears.iter().map(|(scope, ear)| (*scope, (*ear, last(scope)))).collect();
        let ears: Vec<Scope> = outlet.ears.keys().copied().collect();
        outlet.state = State::Behind(Some(Place { cursors, groups: groups.clone() }));
        outlet.behind.store(true, Ordering::Release);
        meters::lagging();
        for scope in ears {
            self.unlist(socket, scope, &groups);
        }
    }

    fn unlist(&mut self, socket: SocketId, scope: Scope, groups: &HashSet<GroupId>) {
        let Some(channel) = self.channels.get_mut(&scope) else { return };
        if matches!(channel.ear(socket), Some(Ear::Home(_))) {
            for group in groups {
                channel.remove_from_group(socket, *group);
            }
        }
    }

    /// Live sockets of these contacts hear a group from now on.
    fn join(&mut self, scope: Scope, group: GroupId, joined: &[ContactId]) {
        let Some(channel) = self.channels.get_mut(&scope) else { return };
        let sockets: Vec<SocketId> =
            joined.iter().flat_map(|contact| channel.sockets_of(*contact)).copied().collect();
        for socket in sockets {
            if let Some(State::Live { groups, .. }) =
                self.outlets.get_mut(&socket).map(|outlet| &mut outlet.state)
            {
                groups.insert(group);
                channel.add_to_group(socket, group);
            }
        }
    }

    /// Sockets of these contacts hear a group no longer; nobody does when none is named.
    fn part(&mut self, scope: Scope, group: GroupId, left: &[ContactId]) {
        let Some(channel) = self.channels.get_mut(&scope) else { return };
        let sockets: Vec<SocketId> = if left.is_empty() {
            channel.remove_group(group).into_iter().collect()
        } else {
            left.iter().flat_map(|contact| channel.sockets_of(*contact)).copied().collect()
        };
        for socket in sockets {
            channel.remove_from_group(socket, group);
            if let Some(State::Live { groups, .. }) =
                self.outlets.get_mut(&socket).map(|outlet| &mut outlet.state)
            {
                groups.remove(&group);
            }
        }
    }
}

impl Outlet {
    fn awaits(&self, feed: &FeedRow) -> bool {
        match &self.state {
            State::Live { ahead, .. } => ahead.get(&feed.scope).is_none_or(|at| feed.seq > *at),
            State::Behind(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;
