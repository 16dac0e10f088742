//! Fans rows out to subscribers. Pure: it neither waits nor reads.

mod groups;
mod state;
mod subscribers;

pub(crate) use state::Fanout;

use crate::{
    hub::{
        channel::SocketId,
        delivery::{Delivery, Typing},
        dirty_unread::DirtyUnread,
    },
    meters,
    shared_row::SharedRow,
};
use events::{ContactId, Position, TeamId};
use protocol::{
    FeedPosition,
    notice::{CommittedBatch, FeedRow, Notice, Scope},
    team::TeamUnread,
};
use read_model::feed::FeedPage;
use serde_json::value::RawValue;
use state::SubscriberState;
use std::{collections::HashSet, sync::Arc};
use tokio::sync::mpsc::error::TrySendError;
use uuid::Uuid;

/// Capacity of a subscriber's queue that typing notices must leave free.
const RESERVED_FOR_ROWS: usize = 128;

impl Fanout {
    /// Position up to which rows were fanned out.
    pub(crate) fn at(&self) -> Option<FeedPosition> {
        self.at
    }

    /// Sets the starting position, unless it is known. Returns the fan-out's position.
    pub(crate) fn settle(&mut self, position: Position) -> FeedPosition {
        if let Some(at) = self.at {
            return at;
        }
        let at = FeedPosition::end_of(position);
        self.at = Some(at);
        if self.known_head > position {
            self.want();
        }
        at
    }

    /// Accepts a committed batch from the bus.
    pub(crate) fn accept(&mut self, committed: CommittedBatch) {
        let CommittedBatch { after, position, rows } = committed;
        self.known_head = self.known_head.max(position);
        let Some(at) = self.at.filter(|at| *at < FeedPosition::end_of(position)) else { return };
        let Some(rows) = rows.filter(|_| at >= FeedPosition::end_of(after)) else { return self.want() };
        // Most scopes have no subscriber here: their rows are not even parsed.
        let followed: Vec<_> = rows.iter().filter(|(scope, _)| self.scopes.contains_key(scope)).collect();
        for (_, row) in followed {
            match parse(row) {
                Ok(row) => self.hand_out(row),
                Err(error) => {
                    tracing::warn!(%error, "invalid feed row on the bus");
                    return self.want();
                }
            }
        }
        self.at = Some(FeedPosition::end_of(position));
    }

    /// Accepts a page of the table, read for these scopes from the fan-out's position.
    pub(crate) fn accept_read(&mut self, page: FeedPage, scopes: &[Scope]) {
        page.rows.into_iter().for_each(|row| self.hand_out(row));
        if self.at.is_none_or(|at| at >= page.reached) {
            return;
        }
        self.at = Some(page.reached);
        let scopes: HashSet<&Scope> = scopes.iter().collect();
        // A scope subscribed to meanwhile has no live subscriber yet; it reads for itself.
        let others = self.channels.iter_mut().filter(|(scope, _)| !scopes.contains(scope));
        others.for_each(|(_, channel)| channel.know_from(page.reached));
    }

    /// Undelivered rows were pruned: marks every subscriber as lagging.
    pub(crate) fn skip(&mut self, head: Position) {
        let sockets: Vec<SocketId> = self.subscribers.keys().copied().collect();
        sockets.into_iter().for_each(|socket| self.fall_behind(socket));
        let head = FeedPosition::end_of(head);
        self.at = Some(head);
        self.channels.values_mut().for_each(|channel| channel.know_from(head));
    }

    /// Notes the read model's position. A position that was seen before and has not arrived since counts as missed;
    /// `at_once` does not wait for the second look.
    pub(crate) fn note_head(&mut self, head: Position, at_once: bool) {
        let Some(at) = self.at else { return };
        let overdue = FeedPosition::end_of(self.known_head) > at;
        self.known_head = self.known_head.max(head);
        if FeedPosition::end_of(head) > at && (at_once || overdue) {
            self.want();
        }
    }

    /// Whether the table must be read; true once per request.
    pub(crate) fn take_wanted(&mut self) -> bool {
        std::mem::take(&mut self.wanted)
    }

    /// The scopes to read from the table, and the position to read from.
    pub(crate) fn begin_read(&mut self) -> Option<(Vec<Scope>, FeedPosition)> {
        self.again = false;
        Some((self.channels.keys().copied().collect(), self.at?))
    }

    /// The table was read to its end. Returns false when a batch was missed meanwhile.
    pub(crate) fn filled(&mut self) -> bool {
        self.filling = self.again;
        !self.again
    }

    /// The table could not be read; the next look at the checkpoint retries.
    pub(crate) fn fill_failed(&mut self) {
        self.filling = false;
    }

    /// The scope with this UUID, if it has subscribers.
    pub(crate) fn scope(&self, uuid: Uuid) -> Option<Scope> {
        self.scopes.get(&uuid).copied()
    }

    /// Delivers a typing notice to live subscribers with enough room.
    pub(crate) fn typing(&self, team: TeamId, typing: &Arc<Typing>) {
        let Some(channel) = self.channels.get(&Scope::Team(team)) else { return };
        for socket in channel.listeners(typing) {
            let Some(subscriber) = self.subscribers.get(&socket) else { continue };
            let live = matches!(subscriber.state, SubscriberState::Live { .. });
            if live && subscriber.queue.capacity() > RESERVED_FOR_ROWS {
                let _ = subscriber.queue.try_send(Delivery::Typing(Arc::clone(typing)));
            } else {
                meters::transient_dropped();
            }
        }
    }

    /// Takes the changed unread counters by team, each with the sockets of other teams that listen.
    pub(crate) fn take_dirty(&mut self) -> Vec<(DirtyUnread, Vec<(SocketId, ContactId)>)> {
        let channels = self.channels.values_mut();
        channels.filter_map(|channel| Some((channel.take_dirty()?, channel.other_team_listeners()))).collect()
    }

    /// Delivers the unread counters of another team to a socket. A lagging or full socket asks for them later.
    pub(crate) fn notify_other_team(&self, socket: SocketId, contact: ContactId, unread: TeamUnread) {
        let Some(subscriber) = self.subscribers.get(&socket) else { return };
        if matches!(subscriber.state, SubscriberState::Live { .. })
            && subscriber.queue.capacity() > RESERVED_FOR_ROWS
        {
            let _ = subscriber.queue.try_send(Delivery::OtherTeamUnread { contact, unread });
        } else {
            meters::transient_dropped();
        }
    }

    /// Requests a read of the table.
    fn want(&mut self) {
        if self.filling {
            self.again = true;
        } else {
            self.filling = true;
            self.wanted = true;
        }
    }

    /// Fans out one row; rows up to the current position are skipped.
    fn hand_out(&mut self, feed: FeedRow) {
        let (scope, point) = (feed.scope, feed.feed_position());
        if self.at.is_none_or(|at| at >= point) {
            return;
        }
        if let Some((group, joined)) = feed.notice.joined() {
            self.join(scope, group, joined);
        }
        let row = Arc::new(SharedRow::new(feed));
        let targets = self.channels.get(&scope).map(|channel| channel.targets(&row.feed));
        let mut full = Vec::new();
        for socket in targets.unwrap_or_default() {
            let Some(subscriber) =
                self.subscribers.get(&socket).filter(|subscriber| subscriber.awaits(point))
            else {
                continue;
            };
            if let Err(TrySendError::Full(_)) = subscriber.queue.try_send(Delivery::Row(Arc::clone(&row))) {
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
            channel.mark_dirty(&row.feed);
            channel.remember(row);
        }
        self.at = Some(point);
    }
}

fn parse(row: &RawValue) -> serde_json::Result<FeedRow> {
    serde_json::from_str(row.get())
}

#[cfg(test)]
mod tests;
