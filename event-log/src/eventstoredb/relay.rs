//! A loopback relay between the client and its server.
//!
//! The client leaves Nagle's algorithm on and does not expose its socket. A call is two small writes, and the second
//! waits for the acknowledgement of the first, which the other side delays: 40 ms for every call on an idle
//! connection. The relay acknowledges at once what it reads from the client and forwards without delay, so a call
//! takes as long as the server does. It needs plain text and a single node: a certificate names the server's host, and
//! a cluster advertises its members' own addresses. It listens on the loopback address only, on a port of the system's
//! choice.

use socket2::SockRef;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::{AbortHandle, JoinSet},
};

/// Size of the copy buffer in bytes.
const CHUNK: usize = 64 << 10;

/// A listener that stops when it is dropped.
#[derive(Debug)]
pub(super) struct Relay {
    /// Address for the client to connect to.
    pub(super) address: SocketAddr,
    task: AbortHandle,
}

impl Relay {
    /// Starts a relay to `host:port`; the name is resolved for each connection.
    ///
    /// # Errors
    /// No port is free.
    #[expect(
        clippy::disallowed_methods,
        reason = "the log is below platform; the relay aborts its task when it is dropped"
    )]
    pub(super) async fn start(target: String) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, target)).abort_handle();
        Ok(Self { address, task })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: String) {
    // Dropped together with the task, which closes the connections.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((near, _)) => {
                    let target = target.clone();
                    connections.spawn(async move {
                        // The client sees the lost connection and reports it.
                        if let Err(error) = carry(near, &target).await {
                            tracing::debug!(%error, target, "a connection to EventStoreDB ended");
                        }
                    });
                }
                // Most likely out of descriptors, which passes.
                Err(error) => {
                    tracing::warn!(%error, "the relay to EventStoreDB cannot accept");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Copies in both directions until either side closes: HTTP/2 has no use for half-open connections.
async fn carry(near: TcpStream, target: &str) -> io::Result<()> {
    let far = TcpStream::connect(target).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    tokio::select! {
        ended = pump(near_read, far_write, true) => ended,
        ended = pump(far_read, near_write, false) => ended,
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, acknowledge: bool) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        if acknowledge {
            at_once(from.as_ref());
        }
        match from.read(&mut chunk).await? {
            0 => return to.shutdown().await,
            read => to.write_all(&chunk[..read]).await?,
        }
    }
}

/// Disables delayed acknowledgements. The system forgets the option after a while, so it is set before every read.
#[cfg(target_os = "linux")]
fn at_once(stream: &TcpStream) {
    // Without it calls are slow, not wrong.
    let _ = SockRef::from(stream).set_tcp_quickack(true);
}

#[cfg(not(target_os = "linux"))]
fn at_once(_: &TcpStream) {}
