//! What the client is told: rows of the feed, typing, presence, time.

use crate::{
    gateway::Gateway,
    hub::{Delivery, Ear, Row},
    meters,
    render::{RenderError, Rendered, Renderer, Then},
    socket::{
        End, Socket, code,
        pace::{Due, STALLED},
    },
};
use events::{ContactId, TeamId};
use protocol::{Timestamp, error::ErrorCode, notice::Scope, realtime::ServerEvent};
use read_model::QueryError;
use tokio::time::Instant;

/// Rows that a socket which reads for itself takes at once.
const PAGE: i64 = 32;

/// A row cannot be told now: the client is to come back, and reads history then.
const BROKEN: End = End::Close(code::TRY_LATER, "try again later");

impl Socket {
    /// A delivery of the hub, and those that wait behind it, so that they leave together.
    pub(super) async fn deliver(&mut self, delivery: Delivery) -> Option<End> {
        let mut next = Some(delivery);
        while let Some(delivery) = next {
            let end = match delivery {
                Delivery::Row(row) => self.tell(&row).await,
                Delivery::Typing(typing) => {
                    match self.renderer.typing(&typing) {
                        Ok(frame) => self.wire.push(frame),
                        Err(error) => tracing::error!(%error, "a frame cannot be written"),
                    }
                    None
                }
                Delivery::Elsewhere { contact, unread } => {
                    if let Some(counters) = self.renderer.counters.hear_elsewhere(contact, unread) {
                        let badge = self.renderer.counters.badge();
                        self.say(&ServerEvent::TeamCounters { teams: vec![counters], badge });
                    }
                    None
                }
            };
            if end.is_some() {
                return end;
            }
            next = if self.wire.has_room() { self.seat.try_next() } else { None };
        }
        None
    }

    /// One step towards being live: what the hub still remembers, else a page of each feed.
    pub(super) async fn catch_up(&mut self) -> Option<End> {
        let place = self.place.take()?;
        let scopes: Vec<(Scope, i64)> = place.cursors.iter().map(|(scope, (_, at))| (*scope, *at)).collect();
        match self.seat.go_live(place) {
            Ok(()) => return None,
            Err(place) => self.place = Some(place),
        }
        for (scope, after) in scopes {
            if !self.wire.has_room() {
                return None;
            }
            let rows = match self.seat.read(scope, after, PAGE).await {
                Ok(rows) => rows,
                Err(error) => return self.broken(&error.into()),
            };
            for feed in rows {
                let concerned = self.place.as_mut().is_some_and(|place| place.pass(&feed));
                if concerned && let Some(end) = self.tell(&Row::new(feed)).await {
                    return Some(end);
                }
            }
        }
        None
    }

    /// What the clock asks for.
    pub(super) async fn alarm(&mut self) -> Option<End> {
        if self.wire.stalled_for() >= STALLED {
            return Some(End::Gone);
        }
        let now = Instant::now();
        let Due { ping, dead, online, time, session, seen, leave } = self.pace.due(now);
        if dead {
            return Some(End::Gone);
        }
        if leave {
            return Some(End::Close(code::RESTART, "the server restarts"));
        }
        if ping {
            self.wire.ping();
        }
        if online {
            self.online(now);
        }
        if time {
            self.say(&ServerEvent::Time { time: Timestamp(self.gateway.0.access.clock.now()) });
        }
        if seen {
            note_seen(&self.gateway, &self.renderer).await;
        }
        if session { self.check_session().await } else { None }
    }

    async fn tell(&mut self, row: &Row) -> Option<End> {
        if self.is_foreign(row.feed.scope) {
            return None;
        }
        let Rendered { frame, then } = match self.renderer.row(row).await {
            Ok(rendered) => rendered,
            Err(error) => return self.broken(&error),
        };
        if let Some(frame) = frame {
            self.wire.push(frame);
        }
        match then {
            Then::Stay => None,
            Then::Close(reason) => Some(End::Close(code::NORMAL, reason)),
            Then::CountTeams => match self.count_teams().await {
                Ok(()) => None,
                Err(error) => self.broken(&error.into()),
            },
        }
    }

    /// Whether a row is of a team that the account has left meanwhile.
    fn is_foreign(&self, scope: Scope) -> bool {
        match scope {
            Scope::Account(_) => false,
            Scope::Team(team) => team != self.renderer.team && !self.elsewhere.contains(&team),
        }
    }

    fn online(&mut self, now: Instant) {
        if !self.wire.has_room() {
            meters::transient_dropped();
            return;
        }
        let frame = self.attendance.frames.borrow_and_update().clone();
        self.pace.told_presence(now, frame.len());
        self.wire.push(frame);
    }

    /// The account's teams may have changed: listens to those that are new, and counts unread in those that are left.
    async fn count_teams(&mut self) -> Result<(), QueryError> {
        let seats = self.renderer.read.seats(self.renderer.account).await?;
        let others: Vec<(TeamId, ContactId)> =
            seats.into_iter().filter(|(team, _)| *team != self.renderer.team).collect();
        self.elsewhere.retain(|team| others.iter().any(|(other, _)| other == team));
        let new: Vec<(Scope, Ear)> = others
            .iter()
            .filter(|(team, _)| self.elsewhere.insert(*team))
            .map(|(team, contact)| (Scope::Team(*team), Ear::Elsewhere(*contact)))
            .collect();
        let cursors = self.seat.listen(&new).await?;
        if let Some(place) = &mut self.place {
            place.cursors.extend(cursors);
        }
        self.renderer.counters.set_others(others);
        Ok(())
    }

    /// A session can also end by age, of which no event tells.
    async fn check_session(&mut self) -> Option<End> {
        let refused = self.gateway.0.access.authenticate(&self.sender.credentials.headers()).await.err()?;
        if refused.code() != ErrorCode::InvalidToken {
            return None;
        }
        self.say(&ServerEvent::Logout { reason: "expired".to_owned() });
        Some(End::Close(code::NORMAL, "logged out"))
    }

    fn broken(&self, error: &RenderError) -> Option<End> {
        tracing::warn!(%error, team = %self.renderer.team, "a socket cannot be told what happened");
        Some(BROKEN)
    }
}

/// Notes that a contact was seen just now.
pub(super) async fn note_seen(gateway: &Gateway, renderer: &Renderer) {
    let access = &gateway.0.access;
    let seen = access.read.saw(renderer.viewer.contact, renderer.team, renderer.account, access.clock.now());
    if let Err(error) = seen.await {
        tracing::debug!(%error, "it cannot be noted when a contact was seen");
    }
}
