//! One websocket: a task that receives client events and the hub's deliveries, and writes frames for its viewer.
//!
//! Frames leave in the order of the log. A client that names its position first gets the missed frames from the
//! feed, see [`open`].
//!
//! Nothing waits for this task: the hub lets a slow socket read for itself, and a peer that takes nothing for
//! [`timers::STALLED`] is disconnected.
//!
//! Layers, from the bottom: `client_command`, `command_queue`, `timers`; `state`; `open`, `inbound`, `outbound`,
//! `roster`; this file.

mod client_command;
mod command_queue;
mod inbound;
mod open;
mod outbound;
pub(crate) mod roster;
mod state;
mod timers;

pub(crate) use state::Identity;

use crate::{close_code, frame, gateway::Gateway, meters, transport::Transport};
use open::{OpenError, SocketSetup};
use protocol::realtime::ServerEvent;
use state::{End, Socket};
use std::{future::ready, time::Duration};
use tokio::time::timeout;

/// Longest wait at a socket's end until the client's acknowledgements are stored.
const NOTING: Duration = Duration::from_secs(1);

/// Serves a socket until its end.
pub(crate) async fn run(gateway: Gateway, transport: Transport, identity: Identity) {
    let _open = meters::OpenSocket::new();
    match SocketSetup::load(&gateway, &identity).await {
        Ok(setup) => setup.into_socket(gateway, transport, identity).serve().await,
        Err(OpenError::NotCaughtUp) => {
            let mut transport = transport;
            if let Ok(frame) = frame::transient(&ServerEvent::Panic { code: "NOT_CAUGHT_UP", debug: () }) {
                transport.push(frame, None);
            }
            transport.close(close_code::TRY_LATER, "try again later").await;
        }
        Err(OpenError::Query(error)) => {
            tracing::warn!(%error, "opening a socket failed");
            transport.close(close_code::TRY_LATER, "try again later").await;
        }
    }
}

impl Socket {
    async fn serve(mut self) {
        outbound::note_seen(&self.gateway, &self.renderer).await;
        let end = self.until_end().await;
        // Stored before a close is answered, so that a client that reconnects at once resumes at its last
        // acknowledgement. A database that does not answer delays the close by no more than this.
        let _ = timeout(NOTING, self.note_confirmed()).await;
        if end == End::Closed {
            self.transport.answer_close().await;
        }
        let Self { transport, handle, presence, gateway, renderer, .. } = self;
        drop(handle);
        drop(presence);
        match end {
            End::Closed => transport.hang_up().await,
            End::Gone => drop(transport),
            End::Close(code, reason) => transport.close(code, reason).await,
        }
        outbound::note_seen(&gateway, &renderer).await;
    }

    async fn until_end(&mut self) -> End {
        if self.roster {
            if let Some(end) = self.send_roster().await {
                return end;
            }
        } else if self.must_refetch {
            self.send_must_refetch(self.sent);
        }
        loop {
            if self.cursor.is_none() {
                self.cursor = self.handle.fell_behind();
            }
            self.send_ready();
            if self.sleep.deadline() != self.timers.next() {
                self.sleep.as_mut().reset(self.timers.next());
            }
            let room = self.transport.has_room();
            let live = self.cursor.is_none();
            let listening = self.commands.have_room() && !self.transport.is_clogged();
            let ended = tokio::select! {
                inbound = self.transport.turn(listening) => self.receive(inbound).await,
                delivery = self.handle.next(), if room && live => match delivery {
                    Some(delivery) => self.deliver(delivery).await,
                    None => Some(End::Close(close_code::TRY_LATER, "try again later")),
                },
                () = ready(()), if room && !live => self.catch_up().await,
                done = self.commands.done() => self.answer(done),
                changed = self.presence.frames.changed() => {
                    if changed.is_ok() {
                        self.timers.presence_changed();
                    }
                    None
                }
                () = self.sleep.as_mut() => self.alarm().await,
                () = self.draining.as_mut(), if !self.timers.is_leaving() => {
                    self.timers.leave_in(self.gateway.stagger(self.handle.id()));
                    None
                }
            };
            if let Some(end) = ended {
                return end;
            }
        }
    }
}
