//! Turns Nagle's algorithm off on the client's own connections, with TLS and to a cluster, where there can be no
//! [relay](super::relay).
//!
//! The client does not expose its sockets. But a process may ask the system for a second descriptor of any of its own
//! (`pidfd_getfd`), and the option belongs to the connection, not to the descriptor. So after a new connection, and
//! when a call was suspiciously slow, the sockets connected to the servers' ports are looked up and set. Linux only; a
//! container's seccomp profile may forbid it, and then calls on an idle connection take some 40 ms longer.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// A call that takes this long may have waited for a delayed acknowledgement.
const SLOW: Duration = Duration::from_millis(30);
/// Minimum interval between two look-ups that slow calls cause.
const EVERY: Duration = Duration::from_secs(10);

/// The client's sockets, identified by the ports that they are connected to.
#[derive(Clone, Debug)]
pub(super) struct Sockets(Arc<SocketTable>);

#[derive(Debug)]
struct SocketTable {
    ports: Mutex<BTreeSet<u16>>,
    looked: Mutex<Option<Instant>>,
    /// There may be a connection without the option.
    fresh: AtomicBool,
}

impl Sockets {
    /// Sockets connected to these ports.
    pub(super) fn to(ports: impl IntoIterator<Item = u16>) -> Self {
        let ports = Mutex::new(ports.into_iter().collect());
        Self(Arc::new(SocketTable { ports, looked: Mutex::default(), fresh: AtomicBool::new(true) }))
    }

    /// Adds the port of another server of the cluster.
    pub(super) fn add(&self, port: u32) {
        if let Ok(port) = u16::try_from(port) {
            self.0.ports.lock().unwrap_or_else(PoisonError::into_inner).insert(port);
        }
        self.renewed();
    }

    /// The next successful call may use a new connection.
    pub(super) fn renewed(&self) {
        self.0.fresh.store(true, Ordering::Release);
    }

    /// A call succeeded and took this long.
    #[expect(clippy::disallowed_methods, reason = "the caller waits for this blocking work")]
    pub(super) fn carried(&self, took: Duration) {
        if !self.0.fresh.swap(false, Ordering::AcqRel) && (took < SLOW || !self.is_due()) {
            return;
        }
        let known = self.0.clone();
        tokio::task::spawn_blocking(move || {
            let ports = known.ports.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Err(error) = set(&ports) {
                tracing::debug!(%error, "connections to EventStoreDB keep Nagle's algorithm");
            }
        });
    }

    fn is_due(&self) -> bool {
        let mut looked = self.0.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = looked.is_none_or(|looked| looked.elapsed() >= EVERY);
        if due {
            *looked = Some(Instant::now());
        }
        due
    }
}

#[cfg(target_os = "linux")]
fn set(ports: &BTreeSet<u16>) -> std::io::Result<()> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    use socket2::SockRef;

    let ourselves = pidfd_open(getpid(), PidfdFlags::empty())?;
    for entry in std::fs::read_dir("/proc/self/fd")?.flatten() {
        let is_socket = std::fs::read_link(entry.path())
            .is_ok_and(|target| target.to_string_lossy().starts_with("socket:"));
        let number = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let (true, Some(number)) = (is_socket, number) else { continue };
        // The descriptor may be closed by now; if its number was reused, the check of the port tells.
        let Ok(descriptor) = pidfd_getfd(&ourselves, number, PidfdGetfdFlags::empty()) else { continue };
        let socket = SockRef::from(&descriptor);
        let leads_to = socket.peer_addr().ok().and_then(|peer| peer.as_socket()).map(|peer| peer.port());
        if leads_to.is_some_and(|port| ports.contains(&port)) {
            socket.set_tcp_nodelay(true)?;
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn set(_: &BTreeSet<u16>) -> std::io::Result<()> {
    Ok(())
}
