//! The one client of a process and its replacement.
//!
//! The client ends for ever with the first connection that fails, and holds on to a node that is gone. So it is
//! replaced: at once when it reports its end, and after a few consecutive failures, which also makes it look for a
//! cluster's leader again. Replacements come at growing intervals, so that a server that is away is not called in a
//! loop.

use super::{
    address::Address,
    failure::{Failure, Health, classify},
    nodelay::Sockets,
    relay::Relay,
};
use crate::{Cause, ReadError};
use eventstore::Client;
use rustls::crypto::CryptoProvider;
use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout};

/// Consecutive failures after which a client is replaced.
const PATIENCE: u32 = 3;
/// Minimum time between two new clients; it doubles with each client that carries no call, up to [`LONGEST_REST`].
const FIRST_REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(1);
/// How long a client may take to install its cryptography provider, which is the first thing it does.
const PROVIDER_WAIT: Duration = Duration::from_secs(5);

/// The first client installs the process-wide provider, and panics if there is one already. Later ones find it.
static PROVIDER_IS_THE_CLIENTS: AtomicBool = AtomicBool::new(false);

/// Creates clients, and calls through the newest one.
#[derive(Debug)]
pub(super) struct Connection {
    address: Address,
    relay: Option<Relay>,
    sockets: Sockets,
    current: Mutex<Current>,
    made: AtomicU32,
}

#[derive(Debug)]
struct Current {
    live: Arc<LiveClient>,
    made_at: Instant,
    rest: Duration,
}

/// A client with its record of failures.
struct LiveClient {
    client: Client,
    failures: AtomicU32,
    dead: AtomicBool,
}

impl std::fmt::Debug for LiveClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveClient").field("failures", &self.failures).field("dead", &self.dead).finish()
    }
}

impl Connection {
    /// A connection whose client is created by the first call.
    ///
    /// # Errors
    /// Another part of the process installed a cryptography provider before the first client could, or no port is left
    /// for the relay.
    pub(super) async fn new(address: Address) -> Result<Self, ReadError> {
        refuse_foreign_provider()?;
        let relay = match address.relay_target() {
            Some(target) => Some(Relay::start(target.to_owned()).await.map_err(unavailable)?),
            None => None,
        };
        let live = Arc::new(make(&address, relay.as_ref())?);
        wait_for_provider().await?;
        let current = Current { live, made_at: Instant::now(), rest: FIRST_REST };
        let sockets = Sockets::to(address.ports());
        Ok(Self { address, relay, sockets, current: Mutex::new(current), made: AtomicU32::new(1) })
    }

    /// Number of clients created so far.
    #[cfg(feature = "testing")]
    pub(super) fn clients_made(&self) -> u32 {
        self.made.load(Ordering::Relaxed)
    }

    /// Makes one call with a local deadline: the client's own deadline is only a header for the server.
    ///
    /// # Errors
    /// See [`Failure`].
    pub(super) async fn call<T, Work>(
        &self,
        within: Duration,
        work: impl FnOnce(Client) -> Work + Send,
    ) -> Result<T, Failure>
    where
        Work: Future<Output = eventstore::Result<T>> + Send,
    {
        let live = self.live().await?;
        let begun = Instant::now();
        let (failure, health) = match timeout(within, work(live.client.clone())).await {
            Ok(Ok(answer)) => {
                self.fared_well(&live);
                self.sockets.carried(begun.elapsed());
                return Ok(answer);
            }
            Ok(Err(error)) => {
                if let eventstore::Error::NotLeaderException(leader) = &error {
                    self.sockets.add(leader.port);
                }
                classify(error)
            }
            Err(_) => (Failure::unanswered(within), Health::Suspect),
        };
        if health != Health::Fine {
            self.sockets.renewed();
        }
        match health {
            Health::Fine => self.fared_well(&live),
            Health::Dead => live.dead.store(true, Ordering::Relaxed),
            Health::Suspect => {
                if live.failures.fetch_add(1, Ordering::Relaxed) + 1 >= PATIENCE {
                    live.dead.store(true, Ordering::Relaxed);
                }
            }
        }
        Err(failure)
    }

    fn fared_well(&self, live: &LiveClient) {
        if live.failures.swap(0, Ordering::Relaxed) > 0 || self.lock().rest > FIRST_REST {
            self.lock().rest = FIRST_REST;
        }
    }

    /// The current client, replaced if it is dead.
    async fn live(&self) -> Result<Arc<LiveClient>, Failure> {
        loop {
            let due = {
                let mut current = self.lock();
                if !current.live.dead.load(Ordering::Relaxed) {
                    return Ok(current.live.clone());
                }
                let due = current.made_at + current.rest;
                if Instant::now() >= due {
                    let live = make(&self.address, self.relay.as_ref())
                        .map_err(|error| Failure::Away(Cause::new(error)))?;
                    let made = self.made.fetch_add(1, Ordering::Relaxed) + 1;
                    tracing::info!(made, "replaced the client of EventStoreDB");
                    current.rest = (current.rest * 2).min(LONGEST_REST);
                    current.made_at = Instant::now();
                    current.live = Arc::new(live);
                    return Ok(current.live.clone());
                }
                due
            };
            sleep(due.saturating_duration_since(Instant::now())).await;
        }
    }

    /// No holder of the lock leaves the state half changed.
    fn lock(&self) -> std::sync::MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make(address: &Address, relay: Option<&Relay>) -> Result<LiveClient, ReadError> {
    let instead = relay.map(|relay| relay.address.to_string());
    let settings = address.client_settings(instead.as_deref()).map_err(unavailable)?;
    let client = Client::new(settings).map_err(unavailable)?;
    Ok(LiveClient { client, failures: AtomicU32::new(0), dead: AtomicBool::new(false) })
}

/// Installs a process-wide cryptography provider, if there is none. For processes that open no log in EventStoreDB:
/// the client's crate links a second provider, and where there are two, rustls panics rather than choose.
pub fn install_tls_provider() {
    // An error means that there is one already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// A plain error once, instead of a connection that always closes.
fn refuse_foreign_provider() -> Result<(), ReadError> {
    let foreign = CryptoProvider::get_default().is_some() && !PROVIDER_IS_THE_CLIENTS.load(Ordering::Acquire);
    if foreign {
        return Err(unavailable(io::Error::other(
            "the client of EventStoreDB must be created before anything else installs a provider for rustls",
        )));
    }
    Ok(())
}

async fn wait_for_provider() -> Result<(), ReadError> {
    let deadline = Instant::now() + PROVIDER_WAIT;
    while CryptoProvider::get_default().is_none() {
        if Instant::now() > deadline {
            return Err(unavailable(io::Error::other(
                "the client of EventStoreDB did not start: are the system's certificates readable?",
            )));
        }
        sleep(Duration::from_millis(1)).await;
    }
    PROVIDER_IS_THE_CLIENTS.store(true, Ordering::Release);
    Ok(())
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ReadError {
    ReadError::Unavailable(Cause::new(error))
}
