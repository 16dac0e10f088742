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
use events::{ContactId, GroupId, Position, TeamId};
use protocol::{
    Point,
    notice::{Committed, FeedRow, Notice, Scope},
    team::TeamUnread,
};
use read_model::feed::FeedPage;
use serde_json::value::RawValue;
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
    /// Up to here rows were handed out; `None` until it is known where to begin.
    at: Option<Point>,
    /// The highest position that was heard of.
    heard: Position,
    /// The table is being read, or is to be.
    filling: bool,
    /// Something was missed while it was.
    again: bool,
    wanted: bool,
    channels: HashMap<Scope, Channel>,
    scopes: HashMap<Uuid, Scope>,
    outlets: HashMap<SocketId, Outlet>,
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
        /// The socket has heard all up to here: reading for itself, it may have been faster than the hub.
        from: Point,
    },
    /// The socket reads for itself. Its place lies here until the socket takes it.
    Behind(Option<Place>),
}

impl Board {
    /// Up to where rows were handed out.
    pub(crate) fn at(&self) -> Option<Point> {
        self.at
    }

    /// Where to begin, unless that is known already. Answers where the board stands.
    pub(crate) fn settle(&mut self, position: Position) -> Point {
        if let Some(at) = self.at {
            return at;
        }
        let at = Point::whole(position);
        self.at = Some(at);
        if self.heard > position {
            self.want();
        }
        at
    }

    /// A socket comes, not yet live.
    pub(crate) fn enter(&mut self, socket: SocketId, queue: Sender<Delivery>, behind: Arc<AtomicBool>) {
        behind.store(true, Ordering::Release);
        let outlet = Outlet { queue, ears: HashMap::new(), state: State::Behind(None), behind };
        self.outlets.insert(socket, outlet);
    }

    /// A socket that is not live listens to one more scope.
    pub(crate) fn listen(&mut self, socket: SocketId, scope: Scope, ear: Ear) {
        let Some(outlet) = self.outlets.get_mut(&socket) else { return };
        outlet.ears.insert(scope, ear);
        self.scopes.insert(scope.uuid(), scope);
        let at = self.at.unwrap_or_default();
        self.channels.entry(scope).or_insert_with(|| Channel::new(at)).add(socket, ear);
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
            }
        }
    }

    /// What the projection committed, as it came over the bus.
    pub(crate) fn accept(&mut self, committed: Committed) {
        let Committed { after, position, rows } = committed;
        self.heard = self.heard.max(position);
        let Some(at) = self.at.filter(|at| *at < Point::whole(position)) else { return };
        let Some(rows) = rows.filter(|_| at >= Point::whole(after)) else { return self.want() };
        // Most scopes have no socket here: their rows are not even parsed.
        let followed: Vec<_> = rows.iter().filter(|(scope, _)| self.scopes.contains_key(scope)).collect();
        for (_, row) in followed {
            match parse(row) {
                Ok(row) => self.hand_out(row),
                Err(error) => {
                    tracing::warn!(%error, "a row on the bus cannot be read");
                    return self.want();
                }
            }
        }
        self.at = Some(Point::whole(position));
    }

    /// A page of the table, read for these scopes from where the board stood when it began.
    pub(crate) fn accept_read(&mut self, page: FeedPage, scopes: &[Scope]) {
        page.rows.into_iter().for_each(|row| self.hand_out(row));
        if self.at.is_none_or(|at| at >= page.reached) {
            return;
        }
        self.at = Some(page.reached);
        let scopes: HashSet<&Scope> = scopes.iter().collect();
        // Who began to listen meanwhile cannot be live yet, and reads for itself.
        let others = self.channels.iter_mut().filter(|(scope, _)| !scopes.contains(scope));
        others.for_each(|(_, channel)| channel.know_from(page.reached));
    }

    /// What was to be handed out is nowhere any more: every socket finds that out for itself.
    pub(crate) fn skip(&mut self, head: Position) {
        let sockets: Vec<SocketId> = self.outlets.keys().copied().collect();
        sockets.into_iter().for_each(|socket| self.fall_behind(socket));
        let head = Point::whole(head);
        self.at = Some(head);
        self.channels.values_mut().for_each(|channel| channel.know_from(head));
    }

    /// How far the read model has come. What was already so when it was last looked at and has not come is missed;
    /// `at_once` does not wait for a second look.
    pub(crate) fn note_head(&mut self, head: Position, at_once: bool) {
        let Some(at) = self.at else { return };
        let overdue = Point::whole(self.heard) > at;
        self.heard = self.heard.max(head);
        if Point::whole(head) > at && (at_once || overdue) {
            self.want();
        }
    }

    /// Whether the table is to be read; once.
    pub(crate) fn take_wanted(&mut self) -> bool {
        std::mem::take(&mut self.wanted)
    }

    /// Of which scopes and from where to read the table.
    pub(crate) fn begin_read(&mut self) -> Option<(Vec<Scope>, Point)> {
        self.again = false;
        Some((self.channels.keys().copied().collect(), self.at?))
    }

    /// The table was read to its end. True when that is all; false when more was missed meanwhile.
    pub(crate) fn filled(&mut self) -> bool {
        self.filling = self.again;
        !self.again
    }

    /// The table could not be read: whoever looks at the checkpoint next will try again.
    pub(crate) fn fill_failed(&mut self) {
        self.filling = false;
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
    /// It is too far behind, or the board itself is: it gets its place back and must read on.
    pub(crate) fn go_live(&mut self, socket: SocketId, mut place: Place) -> Result<(), Place> {
        let Some(outlet) = self.outlets.get_mut(&socket) else { return Ok(()) };
        if self.filling {
            return Err(place);
        }
        let mut rows: Vec<Arc<Row>> = Vec::new();
        for scope in place.ears.keys() {
            let Some(channel) = self.channels.get(scope) else { continue };
            let Some(recent) = channel.since(place.at) else { return Err(place) };
            rows.extend(recent.cloned());
        }
        // Nothing of the place may change before it is certain that all fits: rows that do not concern it count too.
        if rows.len() > outlet.queue.capacity() {
            return Err(place);
        }
        rows.sort_unstable_by_key(|row| row.feed.point());
        let from = place.at;
        for row in rows {
            if place.pass(&row.feed) {
                // There is room: only the hub fills the queue, and it does not run now.
                let _ = outlet.queue.try_send(Delivery::Row(row));
            }
        }
        for (scope, ear) in &place.ears {
            let Some(channel) = self.channels.get_mut(scope) else { continue };
            if matches!(ear, Ear::Home(_)) {
                for group in &place.groups {
                    channel.add_to_group(socket, *group);
                }
            }
        }
        outlet.state = State::Live { groups: place.groups, from };
        outlet.behind.store(false, Ordering::Release);
        Ok(())
    }

    /// A socket wants to read for itself, from a place of its own choice. Answers what it listens to.
    pub(crate) fn step_aside(&mut self, socket: SocketId) -> HashMap<Scope, Ear> {
        self.fall_behind(socket);
        self.take_place(socket);
        self.outlets.get(&socket).map(|outlet| outlet.ears.clone()).unwrap_or_default()
    }

    /// Up to where a live socket was given everything.
    pub(crate) fn given(&self, socket: SocketId) -> Option<Point> {
        match &self.outlets.get(&socket)?.state {
            State::Live { from, .. } => self.at.map(|at| at.max(*from)),
            State::Behind(_) => None,
        }
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

    /// Asks for the table to be read.
    fn want(&mut self) {
        if self.filling {
            self.again = true;
        } else {
            self.filling = true;
            self.wanted = true;
        }
    }

    /// Rows that were handed out before are left aside.
    fn hand_out(&mut self, feed: FeedRow) {
        let (scope, point) = (feed.scope, feed.point());
        if self.at.is_none_or(|at| at >= point) {
            return;
        }
        if let Some((group, joined)) = feed.notice.joined() {
            self.join(scope, group, joined);
        }
        let row = Arc::new(Row::new(feed));
        let targets = self.channels.get(&scope).map(|channel| channel.targets(&row.feed));
        let mut full = Vec::new();
        for socket in targets.unwrap_or_default() {
            let Some(outlet) = self.outlets.get(&socket).filter(|outlet| outlet.awaits(point)) else {
                continue;
            };
            if let Err(TrySendError::Full(_)) = outlet.queue.try_send(Delivery::Row(Arc::clone(&row))) {
                full.push(socket);
            }
        }
        for socket in full {
            self.fall_behind(socket);
        }
        if let Some((group, left)) = row.feed.notice.left() {
            self.part(scope, group, left);
        }
        if let Notice::ContactRemoved { contact, .. } = &row.feed.notice {
            self.part_from_all(scope, *contact);
        }
        if let Some(channel) = self.channels.get_mut(&scope) {
            channel.stir(&row.feed);
            channel.remember(row);
        }
        self.at = Some(point);
    }

    /// A socket's queue is full: it stands before the row that is being handed out, and reads for itself from there.
    fn fall_behind(&mut self, socket: SocketId) {
        let Some(outlet) = self.outlets.get_mut(&socket) else { return };
        let State::Live { groups, from } = &mut outlet.state else { return };
        let (groups, at) = (std::mem::take(groups), self.at.unwrap_or_default().max(*from));
        let ears = outlet.ears.clone();
        outlet.state = State::Behind(Some(Place { ears: ears.clone(), at, groups: groups.clone() }));
        outlet.behind.store(true, Ordering::Release);
        meters::lagging();
        for scope in ears.keys() {
            self.unlist(socket, *scope, &groups);
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

    /// Live sockets of a contact hear no group any longer.
    fn part_from_all(&mut self, scope: Scope, contact: ContactId) {
        let Some(channel) = self.channels.get(&scope) else { return };
        for socket in channel.sockets_of(contact).to_vec() {
            let Some(outlet) = self.outlets.get_mut(&socket) else { continue };
            if let State::Live { groups, .. } = &mut outlet.state {
                let groups = std::mem::take(groups);
                self.unlist(socket, scope, &groups);
            }
        }
    }
}

impl Outlet {
    fn awaits(&self, point: Point) -> bool {
        match &self.state {
            State::Live { from, .. } => point > *from,
            State::Behind(_) => false,
        }
    }
}

fn parse(row: &RawValue) -> serde_json::Result<FeedRow> {
    serde_json::from_str(row.get())
}

#[cfg(test)]
mod tests;
