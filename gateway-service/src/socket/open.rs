//! What a new socket needs of the database: whom it hears, from where on, and what its client knows already.
//!
//! A client may say up to which point it was told everything. What came since is read from the feed, in the order of the
//! log, through the groups that the contact was in at the time: it hears what an open socket would have heard. What the
//! feed has forgotten is not told, and the client is told so.

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

/// See the file's head.
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

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    /// The client was told more than the read model knows: of another node, or before a crash of Postgres. It comes
    /// again.
    #[error("the read model is behind what the client was told")]
    NotCaughtUp,
    /// The database failed.
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
        // Who was away may have missed that a team is gone; who begins now has not.
        let subscribed = others.iter().filter(|other| from.is_some() || other.is_present());
        let other_teams: HashSet<TeamId> = subscribed.clone().map(|other| other.team).collect();
        let mut subscriptions: HashMap<Scope, SubscriptionKind> = subscribed
            .map(|other| (Scope::Team(other.team), SubscriptionKind::OtherTeam(other.contact)))
            .collect();
        subscriptions.insert(Scope::Team(member.team), SubscriptionKind::Team(member.contact));
        subscriptions.insert(Scope::Account(session.account), SubscriptionKind::Account);
        // First where the feed stands, then what it says: the other way round something would be missed.
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
        // Time that has passed already is none.
        let lasts = (session.expires - gateway.0.access.clock.now()).to_std().unwrap_or_default();
        let timers = Timers::new(gateway.0.time, lasts);
        let sleep = Box::pin(tokio::time::sleep_until(timers.next()));
        // A stream is a request in flight: a stop waits for it before it comes to the sockets.
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
