//! The one client of a process, and its replacement when it is no good any more.
//!
//! The client ends for ever with the first connection that fails, and holds on to a node that is gone. So it is made anew:
//! at once when it says that it has ended, and after a few failures in a row, which also asks a cluster's nodes anew
//! who leads. New clients are made at growing intervals, so that a server that is away is not called in a loop.

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

/// Failures in a row that cost a client its place.
const PATIENCE: u32 = 3;
/// The least time between two new clients; doubled with each one that carries nothing, up to [`LONGEST_REST`].
const FIRST_REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(1);
/// How long a client may take to install its provider of cryptography; it is the first thing it does.
const PROVIDER_WAIT: Duration = Duration::from_secs(5);

/// The first client installs the process' provider, and panics if there is one. Later ones find theirs.
static PROVIDER_IS_THE_CLIENTS: AtomicBool = AtomicBool::new(false);

/// Makes clients, and calls through the newest.
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
    live: Arc<Live>,
    made_at: Instant,
    rest: Duration,
}

/// A client, and how it has fared.
struct Live {
    client: Client,
    failures: AtomicU32,
    dead: AtomicBool,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("failures", &self.failures).field("dead", &self.dead).finish()
    }
}

impl Connection {
    /// A connection that is made by the first call.
    ///
    /// # Errors
    /// Another part of the process installed a provider of cryptography before the first client could; or there is no
    /// port for the relay.
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

    /// How many clients there were.
    #[cfg(feature = "testing")]
    pub(super) fn clients_made(&self) -> u32 {
        self.made.load(Ordering::Relaxed)
    }

    /// One call, answered in time or lost. The client's own deadline is only a header for the server.
    ///
    /// # Errors
    /// [`Failure`].
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

    fn fared_well(&self, live: &Live) {
        if live.failures.swap(0, Ordering::Relaxed) > 0 || self.lock().rest > FIRST_REST {
            self.lock().rest = FIRST_REST;
        }
    }

    /// The client of the moment; a new one where the last one is dead.
    async fn live(&self) -> Result<Arc<Live>, Failure> {
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
                    tracing::info!(made, "the client of EventStoreDB was made anew");
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

    /// Nothing is left half done under the lock.
    fn lock(&self) -> std::sync::MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make(address: &Address, relay: Option<&Relay>) -> Result<Live, ReadError> {
    let instead = relay.map(|relay| relay.address.to_string());
    let settings = address.client_settings(instead.as_deref()).map_err(unavailable)?;
    let client = Client::new(settings).map_err(unavailable)?;
    Ok(Live { client, failures: AtomicU32::new(0), dead: AtomicBool::new(false) })
}

/// Installs a provider of cryptography for the process, if there is none, where no log in EventStoreDB is going to be
/// opened. Its client links a second provider, and where there are two rustls panics rather than choose.
pub fn install_tls_provider() {
    // Somebody was faster: then there is one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// Better said once and plainly than as a connection that is always closed.
fn refuse_foreign_provider() -> Result<(), ReadError> {
    let foreign = CryptoProvider::get_default().is_some() && !PROVIDER_IS_THE_CLIENTS.load(Ordering::Acquire);
    if foreign {
        return Err(unavailable(io::Error::other(
            "the client of EventStoreDB must be made before anything else installs a provider for rustls",
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
