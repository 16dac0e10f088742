//! What the client is told: rows of the feed, typing, presence, time.

use crate::{
    gateway::Gateway,
    hub::{Delivery, Ear, Place, Row},
    meters,
    render::{RenderError, Rendered, Renderer, Then},
    socket::{
        End, Socket, code,
        pace::{Due, STALLED, UNFINISHED},
    },
};
use events::{ContactId, TeamId, value::SessionEnd};
use protocol::{FeedPosition, Timestamp, error::ErrorCode, lang::Text, notice::Scope, realtime::ServerEvent};
use read_model::{QueryError, feed::FeedRead};
use serde_json::value::RawValue;
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

/// Rows that a socket which reads for itself takes at once.
const PAGE: i64 = 32;

/// How long it rests when there is nothing to read, and the hub cannot take it either.
const REST: Duration = Duration::from_millis(20);

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
                        Ok(frame) => self.wire.push(frame, None),
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

    /// One step towards being live: what the hub still remembers, else a page of the feed.
    pub(super) async fn catch_up(&mut self) -> Option<End> {
        let place = self.place.take()?;
        let (scopes, after): (Vec<Scope>, FeedPosition) = (place.ears.keys().copied().collect(), place.at);
        match if self.unproven { Err(place) } else { self.seat.go_live(place) } {
            Ok(()) => return None,
            Err(place) => self.place = Some(place),
        }
        match self.seat.read(&scopes, after, PAGE).await {
            Ok(FeedRead::Page(page)) => {
                self.unproven = false;
                if page.rows.is_empty() && page.reached == after {
                    tokio::time::sleep(REST).await;
                }
                for feed in page.rows {
                    let Some(place) = &mut self.place else { return None };
                    if place.pass(&feed)
                        && let Some(end) = self.tell(&Row::new(feed)).await
                    {
                        return Some(end);
                    }
                }
                if let Some(place) = &mut self.place {
                    place.at = page.reached.max(place.at);
                    self.told = place.at;
                }
                None
            }
            Ok(FeedRead::Forgotten { head }) => self.forgotten(FeedPosition::end_of(head)).await,
            Err(error) => self.broken(&error.into()),
        }
    }

    /// What comes up to `head` is forgotten: the client is told so, and hears what is behind it.
    async fn forgotten(&mut self, head: FeedPosition) -> Option<End> {
        self.fetch_anew(head);
        let groups = match self.renderer.read.feed().groups_at(self.renderer.member.contact, head).await {
            Ok(groups) => groups,
            Err(error) => return self.broken(&error.into()),
        };
        if let Some(place) = &mut self.place {
            place.at = head;
            place.groups = groups;
        }
        self.unproven = false;
        self.told = head;
        None
    }

    pub(super) fn fetch_anew(&mut self, point: FeedPosition) {
        self.say(&ServerEvent::Warning {
            message: Text::MustRefetch.render(self.sender.lang).to_string(),
            orig: RawValue::NULL.to_owned(),
            code: Some("FETCH_ANEW"),
            position: Some(point.position),
            retry_after_ms: None,
        });
    }

    /// Says goodbye before a stop, and when to come back.
    fn restart(&mut self) -> End {
        let retry = self.gateway.retry(self.seat.id());
        self.say(&ServerEvent::Warning {
            message: Text::Restarting.render(self.sender.lang).to_string(),
            orig: RawValue::NULL.to_owned(),
            code: Some("RESTART"),
            position: None,
            retry_after_ms: u64::try_from(retry.as_millis()).ok(),
        });
        End::Close(code::RESTART, "the server restarts")
    }

    /// Remembers what the client has confirmed, if that is more than before.
    pub(super) async fn note_confirmed(&mut self) {
        let Some(point) = self.renderer.confirmations.take_news() else { return };
        let noted =
            self.renderer.read.confirmations().note(self.renderer.session, &self.renderer.member, point);
        // Then it is told some of it again, when it comes back.
        if let Err(error) = noted.await {
            tracing::debug!(%error, "what a client has confirmed cannot be noted");
        }
    }

    /// Says once where the client stands when it is live: up to there it was told everything.
    pub(super) fn greet(&mut self) {
        if self.greeted || self.place.is_some() {
            return;
        }
        if let Some(given) = self.seat.given() {
            self.greeted = true;
            self.told = given;
            self.time();
            self.wire.live(given);
        }
    }

    fn time(&mut self) {
        let given = if self.place.is_none() { self.seat.given() } else { None };
        self.told = given.unwrap_or(self.told);
        self.say(&ServerEvent::Time {
            time: Timestamp(self.gateway.0.access.clock.now()),
            position: self.told.last_complete(),
            frames: self.wire.pushed(),
        });
    }

    /// What the clock asks for.
    pub(super) async fn alarm(&mut self) -> Option<End> {
        if self.wire.stalled_for() >= STALLED {
            return Some(End::Gone);
        }
        if self.wire.short_for() >= STALLED && self.commands.are_done() {
            return Some(End::Close(code::TRY_LATER, "too much at once"));
        }
        if self.wire.unfinished_for() >= UNFINISHED {
            return Some(End::Close(code::POLICY, "a message takes too long"));
        }
        let now = Instant::now();
        let Due { ping, dead, online, time, session, seen, confirmed, leave, expired } = self.pace.due(now);
        if dead {
            return Some(End::Gone);
        }
        if leave {
            return Some(self.restart());
        }
        if expired {
            return Some(self.log_out());
        }
        if ping {
            self.wire.ping();
            if self.wire.is_one_way() {
                self.pace.alive();
            }
        }
        if online {
            self.online(now);
        }
        if time {
            self.time();
        }
        if confirmed {
            self.note_confirmed().await;
        }
        if seen {
            note_seen(&self.gateway, &self.renderer).await;
        }
        if session { self.check_session().await } else { None }
    }

    async fn tell(&mut self, row: &Row) -> Option<End> {
        self.told = row.feed.feed_position();
        if self.is_foreign(row.feed.scope) {
            return None;
        }
        let Rendered { frame, then } = match self.renderer.row(row).await {
            Ok(rendered) => rendered,
            Err(error) => return self.broken(&error),
        };
        if let Some(frame) = frame {
            self.wire.push(frame, Some(row.feed.feed_position()));
        }
        match then {
            Then::Stay => None,
            Then::FetchAnew => {
                self.fetch_anew(self.told);
                None
            }
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
            Scope::Team(team) => team != self.renderer.member.team && !self.elsewhere.contains(&team),
        }
    }

    fn online(&mut self, now: Instant) {
        if !self.wire.has_room() {
            meters::transient_dropped();
            return;
        }
        let frame = self.attendance.frames.borrow_and_update().clone();
        self.pace.told_presence(now, frame.len());
        self.wire.push(frame, None);
    }

    /// The account's teams may have changed: listens to those that are new, from the row that told of them on, and counts
    /// unread in those that are left.
    async fn count_teams(&mut self) -> Result<(), QueryError> {
        let seats = self.renderer.read.memberships().of_account(self.renderer.account).await?;
        let others: Vec<(TeamId, ContactId)> = seats
            .into_iter()
            .filter(|seat| seat.is_present() && seat.team != self.renderer.member.team)
            .map(|seat| (seat.team, seat.contact))
            .collect();
        self.elsewhere.retain(|team| others.iter().any(|(other, _)| other == team));
        let new: HashMap<Scope, Ear> = others
            .iter()
            .filter(|(team, _)| self.elsewhere.insert(*team))
            .map(|(team, contact)| (Scope::Team(*team), Ear::Elsewhere(*contact)))
            .collect();
        if !new.is_empty() {
            self.listen(new).await?;
        }
        self.renderer.counters.set_others(others);
        Ok(())
    }

    /// Listens to more scopes, from what was told last: what the hub has handed out since then it did not hand out of
    /// these.
    async fn listen(&mut self, new: HashMap<Scope, Ear>) -> Result<(), QueryError> {
        if self.place.is_none() {
            let ears = self.seat.step_aside();
            let groups = self.renderer.read.feed().groups_at(self.renderer.member.contact, self.told).await?;
            self.place = Some(Place { ears, at: self.told, groups });
        }
        self.seat.listen(&new).await?;
        if let Some(place) = &mut self.place {
            place.ears.extend(new);
        }
        Ok(())
    }

    /// The session is over.
    fn log_out(&mut self) -> End {
        self.say(&ServerEvent::Logout { reason: SessionEnd::Expired.word().to_owned() });
        End::Close(code::NORMAL, "logged out")
    }

    /// A session can also end without an event that the socket is told of.
    async fn check_session(&mut self) -> Option<End> {
        let refused = self.gateway.0.access.authenticate(&self.sender.credentials.headers()).await.err()?;
        if refused.code() != ErrorCode::InvalidToken {
            return None;
        }
        Some(self.log_out())
    }

    pub(super) fn broken(&self, error: &RenderError) -> Option<End> {
        tracing::warn!(%error, team = %self.renderer.member.team, "a socket cannot be told what happened");
        Some(BROKEN)
    }
}

/// Notes that a contact was seen just now.
pub(super) async fn note_seen(gateway: &Gateway, renderer: &Renderer) {
    let access = &gateway.0.access;
    let last_seen = access.read.last_seen();
    let seen = last_seen.note(&renderer.member, renderer.account, access.clock.now());
    if let Err(error) = seen.await {
        tracing::debug!(%error, "it cannot be noted when a contact was seen");
    }
}
