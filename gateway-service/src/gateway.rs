//! The gateway as the process sees it: started with what it needs, mounted as a router, drained at the end.

use crate::{connection_limits, hub::Hub, presence::Presence, upstream::Upstream};
use access::Access;
use axum::extract::FromRef;
use bus::{Bus, BusError};
use platform::{budget::Budget, connections::ConnectionLimiter, tasks::Tasks};
use protocol::notice::{FEED_SUBJECT, LIVE_SUBJECT};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What a gateway works with.
pub struct GatewayDeps {
    /// Sessions, memberships, quotas, configuration; and the read model, whose feed is the truth.
    pub access: Access,
    /// Brings rows of the feed early, and carries typing and presence.
    pub bus: Bus,
    /// Takes the commands that clients send.
    pub upstream: Upstream,
    /// Runs the gateway's tasks, and stops them.
    pub tasks: Tasks,
    /// Counts what clients send.
    pub budget: Budget,
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The bus refuses to be listened to.
    #[error("the gateway cannot listen to the bus: {0}")]
    Bus(#[from] BusError),
}

/// Serves websockets. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(pub(crate) Arc<Shared>);

/// What all sockets share.
pub(crate) struct Shared {
    pub(crate) access: Access,
    pub(crate) hub: Hub,
    pub(crate) presence: Presence,
    pub(crate) upstream: Upstream,
    pub(crate) tasks: Tasks,
    /// The budget of frames that come in.
    pub(crate) budget: Budget,
    /// Who has how many streams open.
    pub(crate) connections: ConnectionLimiter,
    /// Turns to make a roster.
    pub(crate) rosters: Semaphore,
    /// How often `server.time` comes.
    pub(crate) time: Duration,
    /// Cancelled when sockets must end.
    pub(crate) draining: CancellationToken,
    /// The upgraded sockets, which axum does not wait for.
    pub(crate) sockets: TaskTracker,
}

/// Within this time of a drain all sockets are told to go; each earlier or later, so that they do not all come back at
/// the same moment.
const STAGGER: Duration = Duration::from_secs(3);

/// After its end in a drain a client should wait at least so long before it comes back; chance adds up to [`STAGGER`].
const RETRY: Duration = Duration::from_millis(500);

/// What one socket adds to that time.
const STAGGER_EACH: Duration = Duration::from_millis(5);

/// Rosters built at the same time in a process: after a restart every client wants one.
const ROSTERS_AT_ONCE: usize = 4;

impl FromRef<Gateway> for Access {
    fn from_ref(gateway: &Gateway) -> Self {
        gateway.0.access.clone()
    }
}

impl Gateway {
    /// Listens to the bus and starts the gateway's own tasks. Sockets end when the tasks' second phase of stopping
    /// begins, or with [`Self::drain`].
    ///
    /// # Errors
    /// The bus is closed.
    pub async fn start(deps: GatewayDeps) -> Result<Self, GatewayError> {
        let GatewayDeps { access, bus, upstream, tasks, budget } = deps;
        // First of all: what is published from now on is heard.
        let feeds = bus.subscribe(FEED_SUBJECT).await?;
        let lives = bus.subscribe(&format!("{LIVE_SUBJECT}.*")).await?;
        let hub = Hub::new(access.read.clone());
        let presence = Presence::new(bus);
        tasks.spawn_critical("gateway-feed", hub.clone().follow(feeds, tasks.stopping()));
        tasks.spawn("gateway-presence", presence.clone().run(hub.clone(), lives, tasks.stopping()));
        let draining = tasks.stopping().child_token();
        let sockets = TaskTracker::new();
        let realtime = &access.config.realtime;
        let connections = ConnectionLimiter::new(connection_limits::configured(realtime));
        let time = Duration::from_secs(realtime.time_sec.into());
        let rosters = Semaphore::new(ROSTERS_AT_ONCE);
        let shared = Shared {
            access,
            hub,
            presence,
            upstream,
            tasks,
            budget,
            connections,
            rosters,
            time,
            draining,
            sockets,
        };
        Ok(Self(Arc::new(shared)))
    }

    /// Takes no new sockets, tells those there are to come back other_teams, and waits until they are gone.
    pub async fn drain(&self) {
        self.0.draining.cancel();
        self.0.sockets.close();
        self.0.sockets.wait().await;
    }

    /// How many sockets are open.
    pub fn sockets(&self) -> usize {
        self.0.sockets.len()
    }

    /// When a socket goes in a drain, counted from its beginning.
    pub(crate) fn stagger(&self, socket: u64) -> Duration {
        let sockets = u32::try_from(self.sockets()).unwrap_or(u32::MAX);
        let window = STAGGER.min(STAGGER_EACH.saturating_mul(sockets));
        window.mul_f64(spread(socket, 56))
    }

    /// When the client of a socket that goes in a drain is to come back, counted from its end: none at the same moment as
    /// others that went with it.
    pub(crate) fn retry(&self, socket: u64) -> Duration {
        RETRY + STAGGER.mul_f64(spread(socket, 48))
    }
}

/// A number from 0 to 1 that differs from socket to socket: multiplication by an odd constant spreads neighbouring numbers
/// over the whole range, and `from` names the lowest of the eight bits that are taken.
fn spread(socket: u64, from: u32) -> f64 {
    let byte = (socket.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> from) & 0xff;
    byte as f64 / 256.0
}
