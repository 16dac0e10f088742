//! Presence in one team.

use crate::{frame, frame::Frame, hub::SocketId};
use events::ContactId;
use protocol::{
    Jid,
    live::LiveContact,
    realtime::{OnlineContact, ServerEvent},
};
use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};
use tokio::sync::watch;
use uuid::Uuid;

/// A gateway that is silent for this long is gone, with all its sockets.
const FORGOTTEN: Duration = Duration::from_secs(10);

/// Contacts of one team that are online.
pub(super) struct TeamPresence {
    here: HashMap<ContactId, Vec<Device>>,
    other_teams: HashMap<Uuid, (Instant, Vec<LiveContact>)>,
    frames: watch::Sender<Frame>,
    changed: bool,
    unpublished: bool,
}

struct Device {
    socket: SocketId,
    afk: bool,
    mobile: bool,
}

impl Default for TeamPresence {
    fn default() -> Self {
        let frames = watch::Sender::new(Frame::default());
        Self { here: HashMap::new(), other_teams: HashMap::new(), frames, changed: true, unpublished: true }
    }
}

impl TeamPresence {
    pub(super) fn join(&mut self, contact: ContactId, socket: SocketId, mobile: bool) {
        let devices = self.here.entry(contact).or_default();
        devices.push(Device { socket, afk: false, mobile });
        self.touch();
    }

    pub(super) fn leave(&mut self, contact: ContactId, socket: SocketId) {
        if let Some(devices) = self.here.get_mut(&contact) {
            devices.retain(|device| device.socket != socket);
            if devices.is_empty() {
                self.here.remove(&contact);
            }
        }
        self.touch();
    }

    /// Sets one socket of a contact, or all of them.
    pub(super) fn set_afk(&mut self, contact: ContactId, socket: Option<SocketId>, afk: bool) {
        let devices = self.here.get_mut(&contact).into_iter().flatten();
        let mut changed = false;
        for device in devices.filter(|device| socket.is_none_or(|socket| socket == device.socket)) {
            changed |= device.afk != afk;
            device.afk = afk;
        }
        if changed {
            self.touch();
        }
    }

    /// Applies the report of another gateway.
    pub(super) fn update_node(&mut self, node: Uuid, contacts: Vec<LiveContact>, now: Instant) {
        let known = self.other_teams.get(&node).map(|(_, contacts)| contacts.as_slice()).unwrap_or_default();
        self.changed |= known != contacts;
        if contacts.is_empty() {
            self.other_teams.remove(&node);
        } else {
            self.other_teams.insert(node, (now, contacts));
        }
    }

    /// Forgets silent gateways.
    pub(super) fn forget(&mut self, now: Instant) {
        let before = self.other_teams.len();
        self.other_teams
            .retain(|_, (last_report, _)| now.saturating_duration_since(*last_report) < FORGOTTEN);
        self.changed |= self.other_teams.len() != before;
    }

    pub(super) fn is_deserted(&self) -> bool {
        self.here.is_empty()
    }

    /// The contacts with sockets here, ordered by id.
    pub(super) fn here(&self) -> Vec<LiveContact> {
        let mut contacts: Vec<LiveContact> = self
            .here
            .iter()
            .map(|(contact, devices)| LiveContact {
                contact: *contact,
                afk: devices.iter().all(|device| device.afk),
                mobile: devices.iter().all(|device| device.mobile),
            })
            .collect();
        contacts.sort_unstable_by_key(|online| online.contact);
        contacts
    }

    /// Whether a change must be published; true once per change.
    pub(super) fn take_unpublished(&mut self) -> bool {
        std::mem::take(&mut self.unpublished)
    }

    /// A receiver of the team's frames, with an up-to-date one.
    pub(super) fn frames(&mut self) -> watch::Receiver<Frame> {
        self.refresh();
        self.frames.subscribe()
    }

    /// Rebuilds the frame after a change.
    pub(super) fn refresh(&mut self) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        match frame::transient(&ServerEvent::Online { contacts: self.online(), calls: () }) {
            Ok(frame) => {
                self.frames.send_if_modified(|last| {
                    let differs = *last != frame;
                    *last = frame;
                    differs
                });
            }
            Err(error) => tracing::error!(%error, "serializing presence failed"),
        }
    }

    /// All online contacts, ordered by address. A contact at several gateways is away, or on a phone, only if every
    /// gateway says so.
    fn online(&self) -> Vec<OnlineContact> {
        let mut all: BTreeMap<ContactId, (bool, bool)> = BTreeMap::new();
        let other_teams = self.other_teams.values().flat_map(|(_, contacts)| contacts.iter().copied());
        for LiveContact { contact, afk, mobile } in self.here().into_iter().chain(other_teams) {
            let both = all.entry(contact).or_insert((true, true));
            *both = (both.0 && afk, both.1 && mobile);
        }
        let online = |(contact, (afk, mobile))| OnlineContact { jid: Jid::Direct(contact), afk, mobile };
        all.into_iter().map(online).collect()
    }

    fn touch(&mut self) {
        self.changed = true;
        self.unpublished = true;
    }
}

#[cfg(test)]
mod tests;
