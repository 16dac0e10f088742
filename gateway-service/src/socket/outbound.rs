//! Frames to the client: rows of the feed, typing, presence, time.

use super::{
    state::{End, Socket},
    timers::{DueTimers, STALLED, UNFINISHED},
};
use crate::{
    close_code,
    gateway::Gateway,
    hub::{Cursor, Delivery, SubscriptionKind},
    meters,
    render::{FollowUp, Rendered, Renderer},
    shared_row::{RenderError, SharedRow},
};
use events::{ContactId, TeamId, value::SessionEnd};
use protocol::{FeedPosition, Timestamp, error::ErrorCode, lang::Text, notice::Scope, realtime::ServerEvent};
use read_model::{QueryError, feed::FeedRead};
use serde_json::value::RawValue;
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

/// Rows that a lagging socket reads at once.
const PAGE: i64 = 32;

/// Pause when there is nothing to read and the hub cannot take the socket either.
const REST: Duration = Duration::from_millis(20);

/// A row could not be rendered: the client reconnects and reads the feed from there.
const BROKEN: End = End::Close(close_code::TRY_LATER, "try again later");

impl Socket {
    /// Sends a delivery of the hub and those queued after it, so that they leave together.
    pub(super) async fn deliver(&mut self, delivery: Delivery) -> Option<End> {
        let mut next = Some(delivery);
        while let Some(delivery) = next {
            let end = match delivery {
                Delivery::Row(row) => self.send_row(&row).await,
                Delivery::Typing(typing) => {
                    match self.renderer.typing(&typing) {
                        Ok(frame) => self.transport.push(frame, None),
                        Err(error) => tracing::error!(%error, "serializing a frame failed"),
                    }
                    None
                }
                Delivery::OtherTeamUnread { contact, unread } => {
                    if let Some(counters) = self.renderer.counters.set_other_team(contact, unread) {
                        let badge = self.renderer.counters.badge();
                        self.push_event(&ServerEvent::TeamCounters { teams: vec![counters], badge });
                    }
                    None
                }
            };
            if end.is_some() {
                return end;
            }
            next = if self.transport.has_room() { self.handle.try_next() } else { None };
        }
        None
    }

    /// One step towards going live: the hub's recent rows, or a page of the feed.
    pub(super) async fn catch_up(&mut self) -> Option<End> {
        let cursor = self.cursor.take()?;
        let (scopes, after): (Vec<Scope>, FeedPosition) =
            (cursor.subscriptions.keys().copied().collect(), cursor.at);
        match if self.history_unverified { Err(cursor) } else { self.handle.go_live(cursor) } {
            Ok(()) => return None,
            Err(cursor) => self.cursor = Some(cursor),
        }
        match self.handle.read(&scopes, after, PAGE).await {
            Ok(FeedRead::Page(page)) => {
                self.history_unverified = false;
                if page.rows.is_empty() && page.reached == after {
                    tokio::time::sleep(REST).await;
                }
                for feed in page.rows {
                    let Some(cursor) = &mut self.cursor else { return None };
                    if cursor.pass(&feed)
                        && let Some(end) = self.send_row(&SharedRow::new(feed)).await
                    {
                        return Some(end);
                    }
                }
                if let Some(cursor) = &mut self.cursor {
                    cursor.at = page.reached.max(cursor.at);
                    self.sent = cursor.at;
                }
                None
            }
            Ok(FeedRead::Forgotten { head }) => self.forgotten(FeedPosition::end_of(head)).await,
            Err(error) => self.broken(&error.into()),
        }
    }

    /// Rows up to `head` were pruned: tells the client to fetch the state, and continues after `head`.
    async fn forgotten(&mut self, head: FeedPosition) -> Option<End> {
        self.send_must_refetch(head);
        let groups = match self.renderer.read.feed().groups_at(self.renderer.member.contact, head).await {
            Ok(groups) => groups,
            Err(error) => return self.broken(&error.into()),
        };
        if let Some(cursor) = &mut self.cursor {
            cursor.at = head;
            cursor.groups = groups;
        }
        self.history_unverified = false;
        self.sent = head;
        None
    }

    pub(super) fn send_must_refetch(&mut self, point: FeedPosition) {
        self.push_event(&ServerEvent::Warning {
            message: Text::MustRefetch.render(self.sender.lang).to_string(),
            orig: RawValue::NULL.to_owned(),
            code: Some("FETCH_ANEW"),
            position: Some(point.position),
            retry_after_ms: None,
        });
    }

    /// Tells the client before a stop when to reconnect.
    fn restart(&mut self) -> End {
        let retry = self.gateway.retry(self.handle.id());
        self.push_event(&ServerEvent::Warning {
            message: Text::Restarting.render(self.sender.lang).to_string(),
            orig: RawValue::NULL.to_owned(),
            code: Some("RESTART"),
            position: None,
            retry_after_ms: u64::try_from(retry.as_millis()).ok(),
        });
        End::Close(close_code::RESTART, "the server restarts")
    }

    /// Stores the client's acknowledgements, if there are new ones.
    pub(super) async fn note_confirmed(&mut self) {
        let Some(point) = self.renderer.confirmations.take_news() else { return };
        let noted =
            self.renderer.read.confirmations().note(self.renderer.session, &self.renderer.member, point);
        // Without it the client gets some frames again after a reconnect.
        if let Err(error) = noted.await {
            tracing::debug!(%error, "storing acknowledgements failed");
        }
    }

    /// Reports the position once when the socket is live: the client has got everything up to it.
    pub(super) fn send_ready(&mut self) {
        if self.sent_ready || self.cursor.is_some() {
            return;
        }
        if let Some(given) = self.handle.given() {
            self.sent_ready = true;
            self.sent = given;
            self.time();
            self.transport.live(given);
        }
    }

    fn time(&mut self) {
        let given = if self.cursor.is_none() { self.handle.given() } else { None };
        self.sent = given.unwrap_or(self.sent);
        self.push_event(&ServerEvent::Time {
            time: Timestamp(self.gateway.0.access.clock.now()),
            position: self.sent.last_complete(),
            frames: self.transport.pushed(),
        });
    }

    /// Does what the timers demand.
    pub(super) async fn alarm(&mut self) -> Option<End> {
        if self.transport.stalled_for() >= STALLED {
            return Some(End::Gone);
        }
        if self.transport.short_for() >= STALLED && self.commands.are_done() {
            return Some(End::Close(close_code::TRY_LATER, "too much at once"));
        }
        if self.transport.unfinished_for() >= UNFINISHED {
            return Some(End::Close(close_code::POLICY, "a message takes too long"));
        }
        let now = Instant::now();
        let DueTimers { ping, dead, online, time, session, seen, confirmed, leave, expired } =
            self.timers.due(now);
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
            self.transport.ping();
            if self.transport.is_one_way() {
                self.timers.alive();
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

    async fn send_row(&mut self, row: &SharedRow) -> Option<End> {
        self.sent = row.feed.feed_position();
        if self.is_left_team(row.feed.scope) {
            return None;
        }
        let Rendered { frame, follow_up } = match self.renderer.row(row).await {
            Ok(rendered) => rendered,
            Err(error) => return self.broken(&error),
        };
        if let Some(frame) = frame {
            self.transport.push(frame, Some(row.feed.feed_position()));
        }
        match follow_up {
            FollowUp::None => None,
            FollowUp::MustRefetch => {
                self.send_must_refetch(self.sent);
                None
            }
            FollowUp::Close(reason) => Some(End::Close(close_code::NORMAL, reason)),
            FollowUp::RecountTeams => match self.count_teams().await {
                Ok(()) => None,
                Err(error) => self.broken(&error.into()),
            },
        }
    }

    /// Whether a row belongs to a team that the account has left.
    fn is_left_team(&self, scope: Scope) -> bool {
        match scope {
            Scope::Account(_) => false,
            Scope::Team(team) => team != self.renderer.member.team && !self.other_teams.contains(&team),
        }
    }

    fn online(&mut self, now: Instant) {
        if !self.transport.has_room() {
            meters::transient_dropped();
            return;
        }
        let frame = self.presence.frames.borrow_and_update().clone();
        self.timers.presence_sent(now, frame.len());
        self.transport.push(frame, None);
    }

    /// Reloads the account's teams: subscribes to new ones from the current row on, and recounts the others.
    async fn count_teams(&mut self) -> Result<(), QueryError> {
        let contacts = self.renderer.read.memberships().of_account(self.renderer.account).await?;
        let others: Vec<(TeamId, ContactId)> = contacts
            .into_iter()
            .filter(|other| other.is_present() && other.team != self.renderer.member.team)
            .map(|other| (other.team, other.contact))
            .collect();
        self.other_teams.retain(|team| others.iter().any(|(other, _)| other == team));
        let new: HashMap<Scope, SubscriptionKind> = others
            .iter()
            .filter(|(team, _)| self.other_teams.insert(*team))
            .map(|(team, contact)| (Scope::Team(*team), SubscriptionKind::OtherTeam(*contact)))
            .collect();
        if !new.is_empty() {
            self.listen(new).await?;
        }
        self.renderer.counters.set_others(others);
        Ok(())
    }

    /// Subscribes to more scopes from the last sent position: the hub has fanned out later rows without them.
    async fn listen(&mut self, new: HashMap<Scope, SubscriptionKind>) -> Result<(), QueryError> {
        if self.cursor.is_none() {
            let subscriptions = self.handle.step_aside();
            let groups = self.renderer.read.feed().groups_at(self.renderer.member.contact, self.sent).await?;
            self.cursor = Some(Cursor { subscriptions, at: self.sent, groups });
        }
        self.handle.listen(&new).await?;
        if let Some(cursor) = &mut self.cursor {
            cursor.subscriptions.extend(new);
        }
        Ok(())
    }

    /// The session has ended.
    fn log_out(&mut self) -> End {
        self.push_event(&ServerEvent::Logout { reason: SessionEnd::Expired.word().to_owned() });
        End::Close(close_code::NORMAL, "logged out")
    }

    /// Ends the socket if the session ended without an event.
    async fn check_session(&mut self) -> Option<End> {
        let refused = self.gateway.0.access.authenticate(&self.sender.credentials.headers()).await.err()?;
        if refused.code() != ErrorCode::InvalidToken {
            return None;
        }
        Some(self.log_out())
    }

    pub(super) fn broken(&self, error: &RenderError) -> Option<End> {
        tracing::warn!(%error, team = %self.renderer.member.team, "rendering a row failed");
        Some(BROKEN)
    }
}

/// Stores that the contact was seen just now.
pub(super) async fn note_seen(gateway: &Gateway, renderer: &Renderer) {
    let access = &gateway.0.access;
    let last_seen = access.read.last_seen();
    let seen = last_seen.note(&renderer.member, renderer.account, access.clock.now());
    if let Err(error) = seen.await {
        tracing::debug!(%error, "storing when a contact was seen failed");
    }
}
