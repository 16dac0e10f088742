//! One websocket: its own task, which hears the client and the hub, and writes frames for its viewer.
//!
//! Nothing waits for this task: the hub drops a socket that does not keep up to reading for itself, and a peer that
//! takes nothing for [`pace::STALLED`] is let go.

pub(crate) mod code;
mod hear;
mod inbox;
mod pace;
mod tell;
mod wire;

pub(crate) use wire::Wire;

use crate::{
    counters::Counters,
    gateway::Gateway,
    hub::{Ear, Place, Seat},
    meters,
    presence::Attendance,
    render::Renderer,
    upstream::Sender,
};
use events::{ContactId, TeamId, value::DeviceKind};
use hear::Commands;
use pace::Pace;
use protocol::notice::Scope;
use read_model::{QueryError, contact::Viewer, session::Session};
use std::{collections::HashSet, future::ready, pin::Pin, sync::Arc};
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;

/// Whose socket it is.
pub(crate) struct Identity {
    /// The login.
    pub(crate) session: Session,
    /// The team.
    pub(crate) team: TeamId,
    /// The account's contact there.
    pub(crate) viewer: Viewer,
    /// How its commands are sent.
    pub(crate) sender: Arc<Sender>,
}

/// See the file's head.
struct Socket {
    gateway: Gateway,
    wire: Wire,
    seat: Seat,
    /// Where it stands while it reads the feed for itself; `None` while it is live.
    place: Option<Place>,
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
        Err(error) => {
            tracing::warn!(%error, "a socket cannot be served");
            wire.close(code::TRY_LATER, "try again later").await;
        }
    }
}

/// What a new socket needs of the database.
struct Parts {
    seat: Seat,
    place: Place,
    counters: Counters,
    mobile: bool,
    elsewhere: HashSet<TeamId>,
}

impl Parts {
    async fn load(gateway: &Gateway, identity: &Identity) -> Result<Self, QueryError> {
        let Identity { session, team, viewer, .. } = identity;
        let read = &gateway.0.access.read;
        let others: Vec<(TeamId, ContactId)> =
            read.seats(session.account).await?.into_iter().filter(|(other, _)| other != team).collect();
        let seat = gateway.0.hub.enter();
        let mut ears = vec![
            (Scope::Team(*team), Ear::Home(viewer.contact)),
            (Scope::Account(session.account), Ear::Account),
        ];
        ears.extend(others.iter().map(|(team, contact)| (Scope::Team(*team), Ear::Elsewhere(*contact))));
        // First where the feeds stand, then what they say: the other way round something would be missed.
        let cursors = seat.listen(&ears).await?;
        let groups = read.groups_of(viewer.contact).await?.into_iter().collect();
        let counters = Counters::load(read, viewer.contact, others.clone()).await?;
        let device = match &session.device_id {
            Some(device) => read.device(session.account, device).await?,
            None => None,
        };
        let mobile =
            device.is_some_and(|device| matches!(device.kind, DeviceKind::Android | DeviceKind::Ios));
        let elsewhere = others.into_iter().map(|(team, _)| team).collect();
        Ok(Self { seat, place: Place { cursors, groups }, counters, mobile, elsewhere })
    }

    fn into_socket(self, gateway: Gateway, wire: Wire, identity: Identity) -> Socket {
        let Self { seat, place, counters, mobile, elsewhere } = self;
        let Identity { session, team, viewer, sender } = identity;
        let attendance = gateway.0.presence.join(team, viewer.contact, seat.id(), mobile);
        let renderer = Renderer {
            lang: sender.lang,
            read: gateway.0.access.read.clone(),
            session: session.id,
            account: session.account,
            team,
            viewer,
            counters,
            confirmations: 0,
        };
        let pace = Pace::new();
        let sleep = Box::pin(tokio::time::sleep_until(pace.next()));
        let draining = Box::pin(gateway.0.draining.clone().cancelled_owned());
        Socket {
            gateway,
            wire,
            seat,
            place: Some(place),
            attendance,
            renderer,
            sender,
            commands: Commands::default(),
            pace,
            sleep,
            draining,
            elsewhere,
            known: HashSet::new(),
        }
    }
}

impl Socket {
    async fn serve(mut self) {
        tell::note_seen(&self.gateway, &self.renderer).await;
        let end = self.until_end().await;
        let Self { wire, seat, attendance, gateway, renderer, .. } = self;
        drop(seat);
        drop(attendance);
        match end {
            End::Closed => wire.answer_close().await,
            End::Gone => drop(wire),
            End::Close(code, reason) => wire.close(code, reason).await,
        }
        tell::note_seen(&gateway, &renderer).await;
    }

    async fn until_end(&mut self) -> End {
        loop {
            if self.place.is_none() {
                self.place = self.seat.fell_behind();
            }
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
