//! Client events and the answers to them.

use super::{
    client_command::{self, ClientCommand, InvalidCommand},
    command_queue::Done,
    state::{End, Socket},
};
use crate::{close_code, frame, hub::Typing, meters, transport::Inbound, upstream::Refused};
use bytes::Bytes;
use events::chat::ChatRef;
use futures::FutureExt;
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

/// Refused frames in a row after which the socket is closed.
const MAX_REFUSED: u32 = 50;

impl Socket {
    pub(super) async fn receive(&mut self, inbound: Inbound) -> Option<End> {
        match inbound {
            Inbound::Event(payload, charge) => {
                self.timers.alive();
                self.event(payload, charge).await
            }
            Inbound::Alive => {
                self.timers.alive();
                None
            }
            Inbound::Room => None,
            Inbound::Close => Some(End::Closed),
            Inbound::Broken(code, reason) => Some(End::Close(code, reason)),
            Inbound::Gone => Some(End::Gone),
        }
    }

    /// Answers a finished command and starts the next.
    pub(super) fn answer(&mut self, (command, result): Done) -> Option<End> {
        match result {
            Ok(()) => self.confirm(command),
            Err(Refused(message)) => self.warn(message, command),
        }
        self.start_next();
        None
    }

    async fn event(&mut self, payload: Bytes, charge: Option<Charge>) -> Option<End> {
        meters::received();
        if let Some(exceeded) = self.check_rate() {
            return self.refuse(&payload, charge, exceeded);
        }
        let command = match ClientCommand::read(payload, charge, self.sender.lang) {
            Ok(command) => command,
            Err(InvalidCommand { message, orig, charge }) => {
                self.respond(&warning(message, orig), charge);
                return None;
            }
        };
        match command.kind {
            ClientEvent::Ping => self.confirm(command),
            ClientEvent::Confirm => self.acknowledge(command),
            ClientEvent::Activity => self.activity(command),
            ClientEvent::Composing => self.composing(command).await,
            ClientEvent::LastRead | ClientEvent::MessageUpdated | ClientEvent::MessageDeleted => {
                let waits = self.commands.running.is_some();
                self.commands.waiting.push_back(if waits { command.detached() } else { command });
                self.start_next();
            }
        }
        None
    }

    /// Checks the account's rate of frames.
    fn check_rate(&mut self) -> Option<Exceeded> {
        let account = Key::Account(self.renderer.account.0);
        let checked = self.gateway.0.access.limits.check(Limit::FramesPerAccount, &account);
        if checked.is_ok() {
            self.commands.refused = 0;
        }
        checked.err()
    }

    /// Refuses an event without parsing it; closes the socket after too many.
    fn refuse(&mut self, payload: &[u8], charge: Option<Charge>, exceeded: Exceeded) -> Option<End> {
        self.commands.refused += 1;
        if self.commands.refused > MAX_REFUSED {
            return Some(End::Close(close_code::POLICY, "too many events"));
        }
        let text = Text::RateLimited { seconds: exceeded.retry_after.as_secs() }.render(self.sender.lang);
        let message = format!("{}: {text}", ErrorCode::RateLimit);
        self.respond(&warning(message, client_command::shown(payload)), charge);
        None
    }

    fn start_next(&mut self) {
        if self.commands.running.is_some() {
            return;
        }
        let Some(command) = self.commands.waiting.pop_front() else { return };
        let (upstream, sender) = (self.gateway.0.upstream.clone(), self.sender.clone());
        let running = async move {
            let result = upstream.command(&sender, command.kind, command.params()).await;
            (command, result)
        };
        self.commands.running = Some(running.boxed());
    }

    fn activity(&mut self, command: ClientCommand) {
        match params::<Activity>(&command) {
            Ok(Activity { afk }) => {
                self.presence.set_afk(afk.unwrap_or(false));
                self.confirm(command);
            }
            Err(message) => self.warn(message, command),
        }
    }

    async fn composing(&mut self, command: ClientCommand) {
        let allowed = match params::<Composing>(&command) {
            Ok(composing) => self.typing(composing).await,
            Err(message) => Err(message),
        };
        match allowed {
            Ok(typing) => {
                self.gateway.0.presence.compose(&typing);
                self.confirm(command);
            }
            Err(message) => self.warn(message, command),
        }
    }

    /// The typing notice of an event, if the client may see the chat.
    async fn typing(&mut self, composing: Composing) -> Result<Typing, String> {
        let not_found = || ErrorCode::NotFound.to_string();
        let jid: Jid =
            composing.jid.parse().map_err(|error| format!("{}: jid: {error}", ErrorCode::InvalidData))?;
        let actor = self.renderer.member.contact;
        let chat = chat_of(actor, jid);
        let visible = match (jid, chat) {
            (Jid::Direct(other), _) if other == actor || self.visible_contacts.contains(&other) => true,
            (Jid::Direct(other), _) => {
                let read = &self.renderer.read;
                let found = read.contacts().present_among(&self.renderer.member, &[other]).await;
                let found = found.map_err(|_| ErrorCode::Unavailable.to_string())?;
                self.visible_contacts.extend(&found);
                !found.is_empty()
            }
            (_, ChatRef::Group(group) | ChatRef::Task(group)) => match &self.cursor {
                Some(cursor) => cursor.groups.contains(&group),
                None => self.handle.is_in_group(group),
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

    /// Acknowledges a frame. Frames are never resent; a reconnect resumes here.
    fn acknowledge(&mut self, command: ClientCommand) {
        match params::<Confirm>(&command) {
            Ok(Confirm { confirm_id: Value::String(id) }) => {
                self.renderer.confirmations.confirm(&id);
                self.timers.confirmed();
            }
            // The id is not one of ours.
            Ok(_) => {}
            Err(message) => self.warn(message, command),
        }
    }

    fn confirm(&mut self, command: ClientCommand) {
        if let Some(confirm_id) = command.confirm_id() {
            self.respond(&ServerEvent::Confirm { confirm_id }, command.into_charge());
        }
    }

    fn warn(&mut self, message: String, command: ClientCommand) {
        self.respond(&warning(message, command.orig()), command.into_charge());
    }

    /// Sends an answer to a client event; the event's memory stays charged until it is written.
    fn respond(&mut self, event: &ServerEvent, charge: Option<Charge>) {
        match frame::transient(event) {
            Ok(frame) => self.transport.answer(frame, charge),
            Err(error) => tracing::error!(%error, "serializing a frame failed"),
        }
    }

    /// Sends a frame that stems from no row of the feed.
    pub(super) fn push_event(&mut self, event: &ServerEvent) {
        match frame::transient(event) {
            Ok(frame) => self.transport.push(frame, None),
            Err(error) => tracing::error!(%error, "serializing a frame failed"),
        }
    }
}

fn params<T: DeserializeOwned>(command: &ClientCommand) -> Result<T, String> {
    serde_json::from_slice(&command.params()).map_err(|error| format!("{}: {error}", ErrorCode::InvalidData))
}

fn warning(message: String, orig: Box<RawValue>) -> ServerEvent {
    ServerEvent::Warning { message, orig, code: None, position: None, retry_after_ms: None }
}
