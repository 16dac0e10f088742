//! The sockets of the board: they come, read for themselves, go live, fall behind and leave.

use super::Board;
use crate::{
    hub::{
        channel::{Channel, SocketId},
        place::{Delivery, Ear, Place},
        row::Row,
    },
    meters,
};
use events::GroupId;
use protocol::{FeedPosition, notice::Scope};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::mpsc::Sender;

/// The hub's end of a socket.
pub(super) struct Outlet {
    pub(super) queue: Sender<Delivery>,
    ears: HashMap<Scope, Ear>,
    pub(super) state: State,
    /// Tells the socket's task that it is behind.
    behind: Arc<AtomicBool>,
}

pub(super) enum State {
    /// Rows are handed out as they come.
    Live {
        /// The groups that the contact is in.
        groups: HashSet<GroupId>,
        /// The socket has heard all up to here: reading for itself, it may have been faster than the hub.
        from: FeedPosition,
    },
    /// The socket reads for itself. Its place lies here until the socket takes it.
    Behind(Option<Place>),
}

impl Outlet {
    /// Whether it is to be given what stands there.
    pub(super) fn awaits(&self, point: FeedPosition) -> bool {
        match &self.state {
            State::Live { from, .. } => point > *from,
            State::Behind(_) => false,
        }
    }
}

impl Board {
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
        rows.sort_unstable_by_key(|row| row.feed.feed_position());
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
    pub(crate) fn given(&self, socket: SocketId) -> Option<FeedPosition> {
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

    /// A socket's queue is full: it stands before the row that is being handed out, and reads for itself from there.
    pub(super) fn fall_behind(&mut self, socket: SocketId) {
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

    pub(super) fn unlist(&mut self, socket: SocketId, scope: Scope, groups: &HashSet<GroupId>) {
        let Some(channel) = self.channels.get_mut(&scope) else { return };
        if matches!(channel.ear(socket), Some(Ear::Home(_))) {
            for group in groups {
                channel.remove_from_group(socket, *group);
            }
        }
    }
}
