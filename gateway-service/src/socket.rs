//! One websocket: its own task, which hears the client and the hub, and writes frames for its viewer.
//!
//! Frames leave in the order of the log. A client that says up to where it was told everything is told the rest first,
//! from the feed, see [`open`].
//!
//! Nothing waits for this task: the hub drops a socket that does not keep up to reading for itself, and a peer that
//! takes nothing for [`pace::STALLED`] is let go.

pub(crate) mod code;
mod follower;
mod hear;
mod inbox;
mod meter;
mod open;
mod pace;
pub(crate) mod roster;
mod tell;
mod wire;

pub(crate) use wire::{Item, Wire};

use crate::{
    frame,
    gateway::Gateway,
    hub::{Place, Seat},
    meters,
    presence::Attendance,
    render::Renderer,
    upstream::Sender,
};
use events::{ContactId, TeamId};
use hear::Commands;
use open::{NotOpened, Parts};
use pace::Pace;
use protocol::{FeedPosition, realtime::ServerEvent};
use read_model::rights::{Session, TeamMember};
use std::{collections::HashSet, future::ready, pin::Pin, sync::Arc, time::Duration};
use tokio::time::{Sleep, timeout};
use tokio_util::sync::WaitForCancellationFutureOwned;

/// Longest wait at a socket's end until it is noted what its client has confirmed.
const NOTING: Duration = Duration::from_secs(1);

/// Whose socket it is.
pub(crate) struct Identity {
    /// The login.
    pub(crate) session: Session,
    /// The account's membership of the socket's team.
    pub(crate) member: TeamMember,
    /// How its commands are sent.
    pub(crate) sender: Arc<Sender>,
    /// Up to where its client was told everything; `None` to begin now.
    pub(crate) from: Option<FeedPosition>,
    /// It wants to go on from a place that is not known: it must fetch everything.
    pub(crate) anew: bool,
    /// It wants everything in one frame, if it does not go on from somewhere.
    pub(crate) roster: bool,
}

/// See the file's head.
struct Socket {
    gateway: Gateway,
    wire: Wire,
    seat: Seat,
    /// Where it stands while it reads the feed for itself; `None` while it is live.
    place: Option<Place>,
    /// Whether the feed remembers what comes behind the place is not known yet. The hub may still have what the feed has
    /// forgotten; but who heard which groups then is forgotten too.
    unproven: bool,
    /// Up to where the client was told everything.
    told: FeedPosition,
    /// The client has yet to be told that it must fetch everything.
    anew: bool,
    /// The client has yet to be told everything.
    roster: bool,
    /// The client knows that it is live.
    greeted: bool,
    attendance: Attendance,
    renderer: Renderer,
    sender: Arc<Sender>,
    commands: Commands,
    pace: Pace,
    sleep: Pin<Box<Sleep>>,
    draining: Pin<Box<WaitForCancellationFutureOwned>>,
    /// The account's other teams that are listened to.
    elsewhere: HashSet<TeamId>,
    /// Contacts of the team whose chats were typed in.
    known: HashSet<ContactId>,
}

/// How a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The client closes.
    Closed,
    /// The connection is lost.
    Gone,
    /// We close.
    Close(u16, &'static str),
}

/// Serves a socket until its end.
pub(crate) async fn run(gateway: Gateway, wire: Wire, identity: Identity) {
    let _open = meters::OpenSocket::new();
    match Parts::load(&gateway, &identity).await {
        Ok(parts) => parts.into_socket(gateway, wire, identity).serve().await,
        Err(NotOpened::NotCaughtUp) => {
            let mut wire = wire;
            if let Ok(frame) = frame::transient(&ServerEvent::Panic { code: "NOT_CAUGHT_UP", debug: () }) {
                wire.push(frame, None);
            }
            wire.close(code::TRY_LATER, "try again later").await;
        }
        Err(NotOpened::Query(error)) => {
            tracing::warn!(%error, "a socket cannot be served");
            wire.close(code::TRY_LATER, "try again later").await;
        }
    }
}

impl Socket {
    async fn serve(mut self) {
        tell::note_seen(&self.gateway, &self.renderer).await;
        let end = self.until_end().await;
        // Noted before a close is answered: a client that comes back at once goes on from what it has confirmed. A database
        // that does not answer delays the close by no more than this.
        let _ = timeout(NOTING, self.note_confirmed()).await;
        if end == End::Closed {
            self.wire.answer_close().await;
        }
        let Self { wire, seat, attendance, gateway, renderer, .. } = self;
        drop(seat);
        drop(attendance);
        match end {
            End::Closed => wire.hang_up().await,
            End::Gone => drop(wire),
            End::Close(code, reason) => wire.close(code, reason).await,
        }
        tell::note_seen(&gateway, &renderer).await;
    }

    async fn until_end(&mut self) -> End {
        if self.roster {
            if let Some(end) = self.tell_roster().await {
                return end;
            }
        } else if self.anew {
            self.fetch_anew(self.told);
        }
        loop {
            if self.place.is_none() {
                self.place = self.seat.fell_behind();
            }
            self.greet();
            if self.sleep.deadline() != self.pace.next() {
                self.sleep.as_mut().reset(self.pace.next());
            }
            let room = self.wire.has_room();
            let live = self.place.is_none();
            let listening = self.commands.have_room() && !self.wire.is_clogged();
            let ended = tokio::select! {
                heard = self.wire.turn(listening) => self.heard(heard).await,
                delivery = self.seat.next(), if room && live => match delivery {
                    Some(delivery) => self.deliver(delivery).await,
                    None => Some(End::Close(code::TRY_LATER, "try again later")),
                },
                () = ready(()), if room && !live => self.catch_up().await,
                done = self.commands.done() => self.answer(done),
                changed = self.attendance.frames.changed() => {
                    if changed.is_ok() {
                        self.pace.presence_changed();
                    }
                    None
                }
                () = self.sleep.as_mut() => self.alarm().await,
                () = self.draining.as_mut(), if !self.pace.is_leaving() => {
                    self.pace.leave_in(self.gateway.stagger(self.seat.id()));
                    None
                }
            };
            if let Some(end) = ended {
                return end;
            }
        }
    }
}
