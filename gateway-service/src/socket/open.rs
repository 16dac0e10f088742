//! What a new socket needs of the database: whom it hears, from where on, and what its client knows already.
//!
//! A client may say up to which point it was told everything. What came since is read from the feed, in the order of the
//! log, through the groups that the contact was in at the time: it hears what an open socket would have heard. What the
//! feed has forgotten is not told, and the client is told so.

use crate::{
    confirmations::Confirmations,
    counters::Counters,
    gateway::Gateway,
    hub::{Ear, Place, Seat},
    render::Renderer,
    socket::{Commands, Identity, Pace, Socket, Wire},
};
use events::{ContactId, Position, TeamId, value::DeviceKind};
use protocol::notice::Scope;
use read_model::{QueryError, ReadModel, membership::AccountContact};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// See the file's head.
pub(super) struct Parts {
    seat: Seat,
    place: Place,
    counters: Counters,
    mobile: bool,
    elsewhere: HashSet<TeamId>,
    left: HashSet<TeamId>,
    known: Position,
    away: Position,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotOpened {
    /// The client was told more than the read model knows: of another node, or before a crash of Postgres. It comes
    /// again.
    #[error("the read model is behind what the client was told")]
    NotCaughtUp,
    /// The database failed.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl Parts {
    pub(super) async fn load(gateway: &Gateway, identity: &Identity) -> Result<Self, NotOpened> {
        let Identity { session, member, from, .. } = identity;
        let access = &gateway.0.access;
        let read = &access.read;
        if let Some(from) = from {
            let patience = Duration::from_millis(access.config.wait.query_ms);
            if !read.caught_up(from.position, patience).await? {
                return Err(NotOpened::NotCaughtUp);
            }
        }
        let seats = read.memberships().of_account(session.account).await?;
        let others: Vec<AccountContact> = seats.into_iter().filter(|seat| seat.team != member.team).collect();
        // Who was away may have missed that a team is gone; who begins now has not.
        let heard = others.iter().filter(|seat| from.is_some() || seat.is_present());
        let elsewhere: HashSet<TeamId> = heard.clone().map(|seat| seat.team).collect();
        let mut ears: HashMap<Scope, Ear> =
            heard.map(|seat| (Scope::Team(seat.team), Ear::Elsewhere(seat.contact))).collect();
        ears.insert(Scope::Team(member.team), Ear::Home(member.contact));
        ears.insert(Scope::Account(session.account), Ear::Account);
        // First where the feed stands, then what it says: the other way round something would be missed.
        let seat = gateway.0.hub.enter();
        let now = seat.listen(&ears).await?;
        let known = read.position().await?;
        let at = from.unwrap_or(now);
        let groups = read.feed().groups_at(member.contact, at).await?;
        let left = others.iter().filter(|seat| seat.removed).map(|seat| seat.team).collect();
        let counted =
            others.iter().filter(|seat| seat.is_present()).map(|seat| (seat.team, seat.contact)).collect();
        let counters = Counters::load(read, member.contact, counted).await?;
        Ok(Self {
            seat,
            place: Place { ears, at, groups },
            counters,
            mobile: is_mobile(read, identity).await?,
            elsewhere,
            left,
            known,
            away: if from.is_some() { known } else { 0 },
        })
    }

    pub(super) fn into_socket(self, gateway: Gateway, wire: Wire, identity: Identity) -> Socket {
        let Self { seat, place, counters, mobile, elsewhere, left, known, away } = self;
        let Identity { session, member, sender, from, anew, roster } = identity;
        let attendance = gateway.0.presence.join(member.team, member.contact, seat.id(), mobile);
        let renderer = Renderer {
            read: gateway.0.access.read.clone(),
            session: session.id,
            account: session.account,
            member,
            counters,
            lang: sender.lang,
            confirmations: Confirmations::new(!wire.is_one_way()),
            away,
            known,
            left,
        };
        // Time that has passed already is none.
        let lasts = (session.expires - gateway.0.access.clock.now()).to_std().unwrap_or_default();
        let pace = Pace::new(gateway.0.time, lasts);
        let sleep = Box::pin(tokio::time::sleep_until(pace.next()));
        // A stream is a request in flight: a stop waits for it before it comes to the sockets.
        let draining = if wire.is_one_way() { gateway.0.tasks.closing() } else { gateway.0.draining.clone() };
        let draining = Box::pin(draining.cancelled_owned());
        Socket {
            gateway,
            wire,
            seat,
            told: place.at,
            place: Some(place),
            unproven: from.is_some(),
            anew,
            roster: roster && from.is_none(),
            greeted: false,
            attendance,
            renderer,
            sender,
            commands: Commands::default(),
            pace,
            sleep,
            draining,
            elsewhere,
            known: HashSet::<ContactId>::new(),
        }
    }
}

async fn is_mobile(read: &ReadModel, identity: &Identity) -> Result<bool, QueryError> {
    let Some(device) = &identity.session.device_id else { return Ok(false) };
    let device = read.devices().find(identity.session.account, device).await?;
    Ok(device.is_some_and(|device| matches!(device.kind, DeviceKind::Android | DeviceKind::Ios)))
}
