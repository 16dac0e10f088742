//! The bus over NATS: reconnects forever, never blocks or queues without bound while disconnected, and reports
//! every gap.
//!
//! A subscription over NATS can lose messages in three ways, and each is reported as [`super::Delivery::Missed`]:
//! our own queue is full; the client's buffer is full (its slow-consumer event does not say how many were lost, so
//! every subscription is notified); the connection was lost (every subscription is notified once the server has it
//! again). The server itself drops messages only by closing the connection of a client that reads too slowly.
//!
//! In a cluster, a new subscription reaches the other servers within milliseconds, not at once: a subscriber that
//! must not miss even that first moment reads the source again a little later.

use super::{
    BusError, Subscription,
    subscription::{Message, Outlet, QUEUE, subscription},
};
use async_nats::{Client, ConnectOptions, Event, Subscriber, connection::State};
use bytes::Bytes;
use futures::StreamExt;
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc},
    time::timeout,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

/// Maximum number of queued outgoing messages; further ones are dropped.
const OUTBOX: usize = 1_024;
/// Timeout of the server's echo; then subscribers are notified without it.
const ECHO_TIMEOUT: Duration = Duration::from_secs(5);
/// Timeout for messages in flight when closing.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// Connection to the NATS servers.
#[derive(Clone)]
pub struct NatsOptions {
    /// Servers, as `nats://host:4222` or `tls://user:password@host:4222`.
    pub servers: Vec<String>,
    /// Name of this client in the server's monitoring.
    pub name: String,
    /// User name and password, if they are not in the addresses.
    pub user: Option<(String, String)>,
    /// Encryption.
    pub tls: NatsTls,
}

/// The trusted certificate authorities and the client certificate.
#[derive(Clone, Debug, Default)]
pub struct NatsTls {
    /// File with certificate authorities instead of the system's; then the connection is always encrypted.
    pub ca: Option<PathBuf>,
    /// Files with the client certificate and its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

/// The bus over NATS.
#[derive(Clone)]
pub struct NatsBus(Arc<Connection>);

struct Connection {
    client: Client,
    outbox: mpsc::Sender<Outgoing>,
    shared: Arc<Shared>,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Ends the tasks when the last handle is dropped.
    _stop_on_drop: DropGuard,
}

/// The state that connection events act on.
#[derive(Default)]
struct Shared {
    outlets: Mutex<Vec<Weak<Outlet>>>,
    /// Subscriptions that existed when the connection was made, to be notified once it is in use.
    affected: Mutex<Vec<Weak<Outlet>>>,
    connected: Notify,
    unsent: AtomicU64,
}

struct Outgoing {
    subject: String,
    payload: Bytes,
}

impl NatsBus {
    #[expect(
        clippy::disallowed_methods,
        reason = "the bus is below platform, and waits for its tasks when it is drained"
    )]
    pub(super) async fn connect(options: NatsOptions) -> Result<Self, BusError> {
        let shared = Arc::new(Shared::default());
        let told = Arc::clone(&shared);
        let client = secured(ConnectOptions::new(), options.user, options.tls)
            .name(options.name)
            .retry_on_initial_connect()
            .max_reconnects(None)
            .reconnect_delay_callback(retry_delay)
            .subscription_capacity(QUEUE)
            .event_callback(move |event| {
                told.on_event(&event);
                std::future::ready(())
            })
            .connect(options.servers)
            .await
            .map_err(|error| BusError::Connect(error.to_string()))?;
        let (outbox, outgoing) = mpsc::channel(OUTBOX);
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(send_all(client.clone(), outgoing, Arc::clone(&shared), stop.clone()));
        tasks.spawn(
            stop.clone()
                .run_until_cancelled_owned(tell_after_reconnects(client.clone(), Arc::clone(&shared))),
        );
        let _stop_on_drop = stop.clone().drop_guard();
        Ok(Self(Arc::new(Connection { client, outbox, shared, tasks, stop, _stop_on_drop })))
    }

    pub(super) fn publish(&self, subject: &str, payload: Bytes) -> Result<(), BusError> {
        if self.0.stop.is_cancelled() {
            return Err(BusError::Closed);
        }
        let outgoing = Outgoing { subject: subject.to_owned(), payload };
        if !self.healthy() || self.0.outbox.try_send(outgoing).is_err() {
            self.0.shared.count_unsent();
        }
        Ok(())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the bus is below platform, and waits for its tasks when it is drained"
    )]
    pub(super) async fn subscribe(&self, pattern: &str) -> Result<Subscription, BusError> {
        if self.0.stop.is_cancelled() {
            return Err(BusError::Closed);
        }
        let (outlet, subscription) = subscription(QUEUE);
        let outlet = Arc::new(outlet);
        // Registered before the server knows it, so that every later connection event reaches it.
        self.0.shared.register(&outlet);
        let subscriber = self.0.client.subscribe(pattern.to_owned()).await.map_err(|_| BusError::Closed)?;
        self.0.tasks.spawn(forward(subscriber, outlet, self.0.stop.clone()));
        if self.healthy() {
            // Without an echo the connection is being lost, and its return will be reported.
            let _ = timeout(ECHO_TIMEOUT, echo(&self.0.client)).await;
        }
        Ok(subscription)
    }

    pub(super) fn healthy(&self) -> bool {
        !self.0.stop.is_cancelled() && self.0.client.connection_state() == State::Connected
    }

    pub(super) fn unsent(&self) -> u64 {
        self.0.shared.unsent.load(Ordering::Relaxed)
    }

    pub(super) async fn drain(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        // Returns: every task ends at most DRAIN_TIMEOUT after the stop.
        self.0.tasks.wait().await;
    }
}

/// Adds credentials, and encryption if there is anything to verify it with.
fn secured(mut options: ConnectOptions, user: Option<(String, String)>, tls: NatsTls) -> ConnectOptions {
    if let Some((name, password)) = user {
        options = options.user_and_password(name, password);
    }
    if let Some(ca) = tls.ca {
        options = options.add_root_certificates(ca).require_tls(true);
    }
    if let Some((certificate, key)) = tls.certificate {
        options = options.add_client_certificate(certificate, key).require_tls(true);
    }
    options
}

impl Shared {
    /// Must be quick: the client drops events if more than 128 wait. Those are mostly slow-consumer events, so each
    /// of them does what a dropped `Connected` would have done.
    fn on_event(&self, event: &Event) {
        match event {
            Event::Connected => self.tell_when_in_use(),
            Event::SlowConsumer(_) => {
                metrics::counter!("veche_bus_missed_total").increment(1);
                tell_missed(&self.outlets());
                self.tell_when_in_use();
            }
            Event::Disconnected => tracing::warn!("the bus lost its connection"),
            Event::ServerError(error) => tracing::warn!(%error, "the bus's server reports an error"),
            Event::ClientError(error) => tracing::warn!(%error, "the bus's client reports an error"),
            Event::LameDuckMode | Event::Draining | Event::Closed => tracing::info!(%event, "bus"),
        }
    }

    fn register(&self, outlet: &Arc<Outlet>) {
        let mut outlets = self.outlets();
        outlets.retain(|known| known.strong_count() > 0);
        outlets.push(Arc::downgrade(outlet));
    }

    /// Later subscriptions need no notification: they are made on the new connection.
    fn tell_when_in_use(&self) {
        let outlets = self.outlets().clone();
        *self.affected.lock().unwrap_or_else(PoisonError::into_inner) = outlets;
        self.connected.notify_one();
    }

    fn take_affected(&self) -> Vec<Weak<Outlet>> {
        std::mem::take(&mut *self.affected.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn outlets(&self) -> MutexGuard<'_, Vec<Weak<Outlet>>> {
        self.outlets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_unsent(&self) {
        metrics::counter!("veche_bus_unsent_total").increment(1);
        self.unsent.fetch_add(1, Ordering::Relaxed);
    }
}

fn tell_missed(outlets: &[Weak<Outlet>]) {
    for outlet in outlets.iter().filter_map(Weak::upgrade) {
        outlet.tell_missed(1);
    }
}

fn retry_delay(attempts: usize) -> Duration {
    let doublings = u32::try_from(attempts).unwrap_or(u32::MAX).min(10);
    (FIRST_RETRY * 2_u32.pow(doublings)).min(LAST_RETRY)
}

/// Sends the outbox until the stop; then sends the rest and drains the client.
async fn send_all(
    client: Client,
    mut outgoing: mpsc::Receiver<Outgoing>,
    shared: Arc<Shared>,
    stop: CancellationToken,
) {
    let send = async |message: Outgoing| {
        let gone = client.connection_state() != State::Connected;
        if gone || client.publish(message.subject, message.payload).await.is_err() {
            shared.count_unsent();
        }
    };
    let sending = async {
        while let Some(message) = outgoing.recv().await {
            send(message).await;
        }
    };
    // The client blocks while it is disconnected and its own queue is full: the stop must get through even then.
    if stop.run_until_cancelled(sending).await.is_some() {
        return;
    }
    let closing = async {
        outgoing.close();
        while let Some(message) = outgoing.recv().await {
            send(message).await;
        }
        // The client closes without waiting for messages that are on their way to subscriptions here.
        if client.connection_state() == State::Connected {
            echo(&client).await;
        }
        let _ = client.drain().await;
    };
    if timeout(DRAIN_TIMEOUT, closing).await.is_err() {
        tracing::warn!("the bus did not drain in time; queued messages are dropped");
    }
}

/// Takes messages from the client at once, so that a slow subscriber never fills the client's buffer.
async fn forward(mut subscriber: Subscriber, outlet: Arc<Outlet>, stop: CancellationToken) {
    let given_up = async {
        stop.cancelled().await;
        tokio::time::sleep(DRAIN_TIMEOUT).await;
    };
    tokio::pin!(given_up);
    loop {
        let message = tokio::select! {
            message = subscriber.next() => message,
            () = outlet.closed() => None,
            () = &mut given_up => None,
        };
        let Some(message) = message else { return };
        // A pattern of `>` also matches the echoes.
        if message.subject.starts_with("_INBOX.") {
            continue;
        }
        if !outlet.deliver(Message { subject: message.subject.as_str().into(), payload: message.payload }) {
            return;
        }
    }
}

/// After every reconnect, notifies subscriptions of the gap once the server has restored them all.
async fn tell_after_reconnects(client: Client, shared: Arc<Shared>) {
    loop {
        shared.connected.notified().await;
        // Taken before the echo: a connection made during it needs an echo of its own.
        let affected = shared.take_affected();
        if timeout(ECHO_TIMEOUT, echo(&client)).await.is_err() {
            tracing::warn!("the bus is connected but does not answer");
        }
        tell_missed(&affected);
    }
}

/// Returns when the server has handled everything that this connection sent before: it works in order, so our
/// message to ourselves returns after it.
async fn echo(client: &Client) {
    let inbox = client.new_inbox();
    let Ok(mut answers) = client.subscribe(inbox.clone()).await else { return };
    if client.publish(inbox, Bytes::new()).await.is_ok() {
        answers.next().await;
    }
}
