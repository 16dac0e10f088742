//! Presence: contacts with sockets here, and those that other gateways report. Nothing of it is stored.
//!
//! Each team has one frame, built after a change and shared by all its sockets; a busy socket skips older ones.

mod task;
mod team;

use crate::{
    frame::Frame,
    hub::{SocketId, Typing},
    meters,
};
use bus::Bus;
use events::{ContactId, TeamId};
use platform::clock::Ids;
use protocol::live::Live;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use team::TeamPresence;
use tokio::sync::watch;
use uuid::Uuid;

/// Presence of all teams. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Presence(Arc<Inner>);

struct Inner {
    teams: Mutex<HashMap<TeamId, TeamPresence>>,
    bus: Bus,
    /// Id of this gateway.
    node: Uuid,
}

/// A socket's presence; dropping it takes the socket offline.
pub(crate) struct PresenceGuard {
    presence: Presence,
    team: TeamId,
    contact: ContactId,
    socket: SocketId,
    /// The team's newest frame.
    pub(crate) frames: watch::Receiver<Frame>,
}

impl Presence {
    /// Presence without contacts.
    pub(crate) fn new(bus: Bus) -> Self {
        Self(Arc::new(Inner { teams: Mutex::default(), bus, node: Ids::Random.make() }))
    }

    /// Adds a socket of a contact.
    pub(crate) fn join(
        &self,
        team: TeamId,
        contact: ContactId,
        socket: SocketId,
        mobile: bool,
    ) -> PresenceGuard {
        let mut teams = self.teams();
        let roster = teams.entry(team).or_default();
        roster.join(contact, socket, mobile);
        let frames = roster.frames();
        PresenceGuard { presence: self.clone(), team, contact, socket, frames }
    }

    /// Publishes a typing notice to all gateways, including this one.
    pub(crate) fn compose(&self, typing: &Typing) {
        let Typing { team, chat, actor, composing, is_audio } = *typing;
        self.publish(team, &Live::Composing { chat, actor, composing, is_audio });
    }

    /// Applies a report of another gateway or a command service about a team with sockets here.
    fn receive(&self, team: TeamId, live: Live, now: Instant) {
        let mut teams = self.teams();
        let Some(roster) = teams.get_mut(&team) else { return };
        match live {
            Live::Presence { node, contacts } if node != self.0.node => {
                roster.update_node(node, contacts, now)
            }
            Live::Activity { contact, afk } => roster.set_afk(contact, None, afk),
            Live::Presence { .. } | Live::Composing { .. } => {}
        }
    }

    fn publish(&self, team: TeamId, live: &Live) {
        let published =
            serde_json::to_vec(live).map(|bytes| self.0.bus.publish(&Live::subject(team), bytes.into()));
        // Presence is repeated and typing ends by itself: a lost message does no harm.
        if !matches!(published, Ok(Ok(()))) {
            meters::transient_dropped();
        }
    }

    fn teams(&self) -> MutexGuard<'_, HashMap<TeamId, TeamPresence>> {
        self.0.teams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PresenceGuard {
    /// The contact went away from this device, or came back.
    pub(crate) fn set_afk(&self, afk: bool) {
        if let Some(roster) = self.presence.teams().get_mut(&self.team) {
            roster.set_afk(self.contact, Some(self.socket), afk);
        }
    }
}

impl Drop for PresenceGuard {
    fn drop(&mut self) {
        let mut teams = self.presence.teams();
        let Some(roster) = teams.get_mut(&self.team) else { return };
        roster.leave(self.contact, self.socket);
        if roster.is_deserted() {
            teams.remove(&self.team);
            drop(teams);
            let live = Live::Presence { node: self.presence.0.node, contacts: Vec::new() };
            self.presence.publish(self.team, &live);
        }
    }
}
