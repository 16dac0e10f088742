//! The gateway as the process sees it: started with its dependencies, mounted as a router, drained at the end.

use crate::{connection_limits, hub::Hub, presence::Presence, upstream::Upstream};
use access::Access;
use axum::extract::FromRef;
use bus::{Bus, BusError};
use platform::{budget::Budget, connections::ConnectionLimiter, tasks::Tasks};
use protocol::notice::{FEED_SUBJECT, LIVE_SUBJECT};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Dependencies of a gateway.
pub struct GatewayDeps {
    /// Sessions, memberships, quotas, configuration and the read model, whose feed is the truth.
    pub access: Access,
    /// Delivers rows of the feed early; carries typing and presence.
    pub bus: Bus,
    /// Executes the commands of clients.
    pub upstream: Upstream,
    /// Runs the gateway's tasks and stops them.
    pub tasks: Tasks,
    /// Memory budget of incoming frames.
    pub budget: Budget,
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The bus refused the subscription.
    #[error("subscribing to the bus failed: {0}")]
    Bus(#[from] BusError),
}

/// Serves websockets and event streams. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(pub(crate) Arc<Shared>);

/// State that all sockets share.
pub(crate) struct Shared {
    pub(crate) access: Access,
    pub(crate) hub: Hub,
    pub(crate) presence: Presence,
    pub(crate) upstream: Upstream,
    pub(crate) tasks: Tasks,
    /// Memory budget of incoming frames.
    pub(crate) budget: Budget,
    /// Limits on open sockets and streams.
    pub(crate) connections: ConnectionLimiter,
    /// Permits to build a roster.
    pub(crate) rosters: Semaphore,
    /// Interval of `server.time`.
    pub(crate) time: Duration,
    /// Cancelled when sockets must end.
    pub(crate) draining: CancellationToken,
    /// The upgraded sockets, which axum does not wait for.
    pub(crate) sockets: TaskTracker,
}

/// A drain closes all sockets within this time, spread out so that clients do not reconnect all at once.
const STAGGER: Duration = Duration::from_secs(3);

/// Minimum time that a client should wait after a drain before it reconnects; a share of [`STAGGER`] is added.
const RETRY: Duration = Duration::from_millis(500);

/// Time that one socket adds to the drain.
const STAGGER_EACH: Duration = Duration::from_millis(5);

/// Rosters built at the same time in a process: after a restart every client wants one.
const ROSTERS_AT_ONCE: usize = 4;

impl FromRef<Gateway> for Access {
    fn from_ref(gateway: &Gateway) -> Self {
        gateway.0.access.clone()
    }
}

impl Gateway {
    /// Subscribes to the bus and starts the gateway's tasks. Sockets end when the tasks' second phase of stopping
    /// begins, or with [`Self::drain`].
    ///
    /// # Errors
    /// The bus is closed.
    pub async fn start(deps: GatewayDeps) -> Result<Self, GatewayError> {
        let GatewayDeps { access, bus, upstream, tasks, budget } = deps;
        // Subscribe first, so that nothing published from now on is missed.
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

    /// Refuses new sockets, tells the open ones to reconnect elsewhere, and waits until they are closed.
    pub async fn drain(&self) {
        self.0.draining.cancel();
        self.0.sockets.close();
        self.0.sockets.wait().await;
    }

    /// Number of open sockets.
    pub fn sockets(&self) -> usize {
        self.0.sockets.len()
    }

    /// Time from the beginning of a drain until a socket is closed.
    pub(crate) fn stagger(&self, socket: u64) -> Duration {
        let sockets = u32::try_from(self.sockets()).unwrap_or(u32::MAX);
        let window = STAGGER.min(STAGGER_EACH.saturating_mul(sockets));
        window.mul_f64(spread(socket, 56))
    }

    /// Time after its end in a drain at which a socket's client should reconnect; it differs between sockets.
    pub(crate) fn retry(&self, socket: u64) -> Duration {
        RETRY + STAGGER.mul_f64(spread(socket, 48))
    }
}

/// A number from 0 to 1 that differs between sockets: multiplying by an odd constant spreads neighbouring numbers
/// over the whole range; `from` is the lowest of the eight bits used.
fn spread(socket: u64, from: u32) -> f64 {
    let byte = (socket.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> from) & 0xff;
    byte as f64 / 256.0
}
