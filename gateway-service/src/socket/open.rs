//! Loads the state of a new socket: its subscriptions, its starting position, and the client's position.
//!
//! A client may name the position up to which it has got everything. Rows since then are read from the feed in the
//! order of the log, through the groups that the contact was in at the time: the client gets what an open socket
//! would have got. If the feed no longer has them, the server asks the client to fetch the state.

use super::{
    command_queue::CommandQueue,
    state::{Identity, Socket},
    timers::Timers,
};
use crate::{
    confirmations::Confirmations,
    counters::Counters,
    gateway::Gateway,
    hub::{Cursor, SubscriberHandle, SubscriptionKind},
    render::Renderer,
    transport::Transport,
};
use events::{ContactId, Position, TeamId, value::DeviceKind};
use protocol::notice::Scope;
use read_model::{QueryError, ReadModel, membership::AccountContact};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// The loaded state of a new socket.
pub(super) struct SocketSetup {
    handle: SubscriberHandle,
    cursor: Cursor,
    counters: Counters,
    mobile: bool,
    other_teams: HashSet<TeamId>,
    teams_left: HashSet<TeamId>,
    snapshot_position: Position,
    offline_until: Position,
}

/// Why a socket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    /// The client's position is ahead of the read model: another node sent it, or Postgres crashed. The client
    /// retries.
    #[error("the read model is behind the client")]
    NotCaughtUp,
    /// The read model failed.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl SocketSetup {
    pub(super) async fn load(gateway: &Gateway, identity: &Identity) -> Result<Self, OpenError> {
        let Identity { session, member, from, .. } = identity;
        let access = &gateway.0.access;
        let read = &access.read;
        if let Some(from) = from {
            let patience = Duration::from_millis(access.config.wait.query_ms);
            if !read.caught_up(from.position, patience).await? {
                return Err(OpenError::NotCaughtUp);
            }
        }
        let contacts = read.memberships().of_account(session.account).await?;
        let others: Vec<AccountContact> =
            contacts.into_iter().filter(|other| other.team != member.team).collect();
        // A client that was offline may have missed the end of a team; one that begins now has not.
        let subscribed = others.iter().filter(|other| from.is_some() || other.is_present());
        let other_teams: HashSet<TeamId> = subscribed.clone().map(|other| other.team).collect();
        let mut subscriptions: HashMap<Scope, SubscriptionKind> = subscribed
            .map(|other| (Scope::Team(other.team), SubscriptionKind::OtherTeam(other.contact)))
            .collect();
        subscriptions.insert(Scope::Team(member.team), SubscriptionKind::Team(member.contact));
        subscriptions.insert(Scope::Account(session.account), SubscriptionKind::Account);
        // Subscribe before reading: the other way round rows would be missed.
        let handle = gateway.0.hub.enter();
        let now = handle.listen(&subscriptions).await?;
        let snapshot_position = read.position().await?;
        let at = from.unwrap_or(now);
        let groups = read.feed().groups_at(member.contact, at).await?;
        let teams_left = others.iter().filter(|other| other.removed).map(|other| other.team).collect();
        let counted = others
            .iter()
            .filter(|other| other.is_present())
            .map(|other| (other.team, other.contact))
            .collect();
        let counters = Counters::load(read, member.contact, counted).await?;
        Ok(Self {
            handle,
            cursor: Cursor { subscriptions, at, groups },
            counters,
            mobile: is_mobile(read, identity).await?,
            other_teams,
            teams_left,
            snapshot_position,
            offline_until: if from.is_some() { snapshot_position } else { 0 },
        })
    }

    pub(super) fn into_socket(self, gateway: Gateway, transport: Transport, identity: Identity) -> Socket {
        let Self {
            handle,
            cursor,
            counters,
            mobile,
            other_teams,
            teams_left,
            snapshot_position,
            offline_until,
        } = self;
        let Identity { session, member, sender, from, must_refetch, roster } = identity;
        let presence = gateway.0.presence.join(member.team, member.contact, handle.id(), mobile);
        let renderer = Renderer {
            read: gateway.0.access.read.clone(),
            session: session.id,
            account: session.account,
            member,
            counters,
            lang: sender.lang,
            confirmations: Confirmations::new(!transport.is_one_way()),
            offline_until,
            snapshot_position,
            teams_left,
        };
        // A session that has expired has no time left.
        let lasts = (session.expires - gateway.0.access.clock.now()).to_std().unwrap_or_default();
        let timers = Timers::new(gateway.0.time, lasts);
        let sleep = Box::pin(tokio::time::sleep_until(timers.next()));
        // A stream is a request in flight: a stop waits for it before it closes the sockets.
        let draining =
            if transport.is_one_way() { gateway.0.tasks.closing() } else { gateway.0.draining.clone() };
        let draining = Box::pin(draining.cancelled_owned());
        Socket {
            gateway,
            transport,
            handle,
            sent: cursor.at,
            cursor: Some(cursor),
            history_unverified: from.is_some(),
            must_refetch,
            roster: roster && from.is_none(),
            sent_ready: false,
            presence,
            renderer,
            sender,
            commands: CommandQueue::default(),
            timers,
            sleep,
            draining,
            other_teams,
            visible_contacts: HashSet::<ContactId>::new(),
        }
    }
}

async fn is_mobile(read: &ReadModel, identity: &Identity) -> Result<bool, QueryError> {
    let Some(device) = &identity.session.device_id else { return Ok(false) };
    let device = read.devices().find(identity.session.account, device).await?;
    Ok(device.is_some_and(|device| matches!(device.kind, DeviceKind::Android | DeviceKind::Ios)))
}
