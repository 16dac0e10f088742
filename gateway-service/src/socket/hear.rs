//! What the client says, and how it is answered.

use crate::{
    frame,
    hub::Typing,
    meters,
    socket::{
        End, Socket, code,
        inbox::{self, Told, Unreadable},
        wire::Heard,
    },
    upstream::Refused,
};
use bytes::Bytes;
use events::chat::ChatRef;
use futures::{FutureExt, future::BoxFuture};
use platform::{
    budget::Charge,
    limits::{Exceeded, Key, Limit},
};
use protocol::{
    Jid,
    error::ErrorCode,
    lang::Text,
    realtime::{Activity, ClientEvent, Composing, Confirm, ServerEvent},
};
use read_model::chat_address::chat_of;
use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};
use std::{collections::VecDeque, future::pending};

/// Commands of one socket that wait for their turn; above, the client is not listened to for a while.
const PIPELINE: usize = 64;

/// Refused frames in a row after which the socket is closed.
const PATIENCE: u32 = 50;

/// Commands of one socket: carried out one after the other, in the order they came.
#[derive(Default)]
pub(super) struct Commands {
    waiting: VecDeque<Told>,
    running: Option<BoxFuture<'static, Done>>,
    refused: u32,
}

/// A command and what became of it.
pub(super) type Done = (Told, Result<(), Refused>);

impl Commands {
    /// Whether the client may send more.
    pub(super) fn have_room(&self) -> bool {
        self.waiting.len() < PIPELINE
    }

    /// Whether none is carried out or waits.
    pub(super) fn are_done(&self) -> bool {
        self.running.is_none() && self.waiting.is_empty()
    }

    /// The command that is carried out, once it is done. May be dropped while waiting: nothing gets lost.
    pub(super) async fn done(&mut self) -> Done {
        match &mut self.running {
            Some(running) => {
                let done = running.await;
                self.running = None;
                done
            }
            None => pending().await,
        }
    }
}

impl Socket {
    pub(super) async fn heard(&mut self, heard: Heard) -> Option<End> {
        match heard {
            Heard::Event(payload, charge) => {
                self.pace.alive();
                self.event(payload, charge).await
            }
            Heard::Alive => {
                self.pace.alive();
                None
            }
            Heard::Room => None,
            Heard::Close => Some(End::Closed),
            Heard::Broken(code, reason) => Some(End::Close(code, reason)),
            Heard::Gone => Some(End::Gone),
        }
    }

    /// A command is done: says so, and begins the next.
    pub(super) fn answer(&mut self, (told, result): Done) -> Option<End> {
        match result {
            Ok(()) => self.confirm(told),
            Err(Refused(message)) => self.warn(message, told),
        }
        self.begin();
        None
    }

    async fn event(&mut self, payload: Bytes, charge: Option<Charge>) -> Option<End> {
        meters::received();
        if let Some(exceeded) = self.too_many() {
            return self.slow_down(&payload, charge, exceeded);
        }
        let told = match Told::read(payload, charge, self.sender.lang) {
            Ok(told) => told,
            Err(Unreadable { message, orig, charge }) => {
                self.respond(&warning(message, orig), charge);
                return None;
            }
        };
        match told.kind {
            ClientEvent::Ping => self.confirm(told),
            ClientEvent::Confirm => self.confirmed(told),
            ClientEvent::Activity => self.activity(told),
            ClientEvent::Composing => self.composing(told).await,
            ClientEvent::LastRead | ClientEvent::MessageUpdated | ClientEvent::MessageDeleted => {
                let waits = self.commands.running.is_some();
                self.commands.waiting.push_back(if waits { told.on_its_own() } else { told });
                self.begin();
            }
        }
        None
    }

    /// Whether the account sends too many frames.
    fn too_many(&mut self) -> Option<Exceeded> {
        let account = Key::Account(self.renderer.account.0);
        let checked = self.gateway.0.access.limits.check(Limit::FramesPerAccount, &account);
        if checked.is_ok() {
            self.commands.refused = 0;
        }
        checked.err()
    }

    /// Refuses an event unread; the end, when that was of no use.
    fn slow_down(&mut self, payload: &[u8], charge: Option<Charge>, exceeded: Exceeded) -> Option<End> {
        self.commands.refused += 1;
        if self.commands.refused > PATIENCE {
            return Some(End::Close(code::POLICY, "too many events"));
        }
        let text = Text::RateLimited { seconds: exceeded.retry_after.as_secs() }.render(self.sender.lang);
        let message = format!("{}: {text}", ErrorCode::RateLimit);
        self.respond(&warning(message, inbox::shown(payload)), charge);
        None
    }

    fn begin(&mut self) {
        if self.commands.running.is_some() {
            return;
        }
        let Some(told) = self.commands.waiting.pop_front() else { return };
        let (upstream, sender) = (self.gateway.0.upstream.clone(), self.sender.clone());
        let command = async move {
            let result = upstream.command(&sender, told.kind, told.params()).await;
            (told, result)
        };
        self.commands.running = Some(command.boxed());
    }

    fn activity(&mut self, told: Told) {
        match params::<Activity>(&told) {
            Ok(Activity { afk }) => {
                self.attendance.set_afk(afk.unwrap_or(false));
                self.confirm(told);
            }
            Err(message) => self.warn(message, told),
        }
    }

    async fn composing(&mut self, told: Told) {
        let allowed = match params::<Composing>(&told) {
            Ok(composing) => self.typed(composing).await,
            Err(message) => Err(message),
        };
        match allowed {
            Ok(typing) => {
                self.gateway.0.presence.compose(&typing);
                self.confirm(told);
            }
            Err(message) => self.warn(message, told),
        }
    }

    /// Where the client types, if it may see the chat.
    async fn typed(&mut self, composing: Composing) -> Result<Typing, String> {
        let not_found = || ErrorCode::NotFound.to_string();
        let jid: Jid =
            composing.jid.parse().map_err(|error| format!("{}: jid: {error}", ErrorCode::InvalidData))?;
        let actor = self.renderer.member.contact;
        let chat = chat_of(actor, jid);
        let visible = match (jid, chat) {
            (Jid::Direct(other), _) if other == actor || self.known.contains(&other) => true,
            (Jid::Direct(other), _) => {
                let read = &self.renderer.read;
                let found = read.contacts().present_among(&self.renderer.member, &[other]).await;
                let found = found.map_err(|_| ErrorCode::Unavailable.to_string())?;
                self.known.extend(&found);
                !found.is_empty()
            }
            (_, ChatRef::Group(group) | ChatRef::Task(group)) => match &self.place {
                Some(place) => place.groups.contains(&group),
                None => self.seat.is_in_group(group),
            },
            (_, ChatRef::Direct(..)) => false,
        };
        if !visible {
            return Err(not_found());
        }
        Ok(Typing {
            team: self.renderer.member.team,
            chat,
            actor,
            composing: composing.composing.unwrap_or(false),
            is_audio: composing.is_audio.unwrap_or(false),
        })
    }

    /// The client has got a frame. None is sent again: whoever comes back may go on from here.
    fn confirmed(&mut self, told: Told) {
        match params::<Confirm>(&told) {
            Ok(Confirm { confirm_id: Value::String(id) }) => {
                self.renderer.confirmations.confirm(&id);
                self.pace.confirmed();
            }
            // Of another server, or of none.
            Ok(_) => {}
            Err(message) => self.warn(message, told),
        }
    }

    fn confirm(&mut self, told: Told) {
        if let Some(confirm_id) = told.confirm_id() {
            self.respond(&ServerEvent::Confirm { confirm_id }, told.into_charge());
        }
    }

    fn warn(&mut self, message: String, told: Told) {
        self.respond(&warning(message, told.orig()), told.into_charge());
    }

    /// Pushes an answer to what the client said; while it waits, it counts as what it answers did.
    fn respond(&mut self, event: &ServerEvent, charge: Option<Charge>) {
        match frame::transient(event) {
            Ok(frame) => self.wire.answer(frame, charge),
            Err(error) => tracing::error!(%error, "a frame cannot be written"),
        }
    }

    /// Pushes a frame that stems from no row of the feed.
    pub(super) fn say(&mut self, event: &ServerEvent) {
        match frame::transient(event) {
            Ok(frame) => self.wire.push(frame, None),
            Err(error) => tracing::error!(%error, "a frame cannot be written"),
        }
    }
}

fn params<T: DeserializeOwned>(told: &Told) -> Result<T, String> {
    serde_json::from_slice(&told.params()).map_err(|error| format!("{}: {error}", ErrorCode::InvalidData))
}

fn warning(message: String, orig: Box<RawValue>) -> ServerEvent {
    ServerEvent::Warning { message, orig, code: None, position: None, retry_after_ms: None }
}
