//! A loopback relay between the client and its server.
//!
//! The client leaves Nagle's algorithm on and offers no way to its socket. A call is two small writes, and the second
//! waits for the first one's acknowledgement, which the other side delays: 40 ms for every call on an idle connection.
//! The relay acknowledges at once what it reads from the client and sends on without delay, so a call takes as long as
//! the server does. It needs plain text and a single node: a certificate names the server's host, and a cluster tells its
//! members' own addresses. It listens on the loopback address only, on a port of the system's choice.

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

/// Bytes that are carried at once.
const CHUNK: usize = 64 << 10;

/// Listens until it is dropped.
#[derive(Debug)]
pub(super) struct Relay {
    /// Where the client is to connect to.
    pub(super) address: SocketAddr,
    task: AbortHandle,
}

impl Relay {
    /// A relay to `host:port`, which is resolved anew for each connection.
    ///
    /// # Errors
    /// There is no port left.
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
    // Dropped with the task, and the connections with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((near, _)) => {
                    let target = target.clone();
                    connections.spawn(async move {
                        // The client sees a lost connection, and says so.
                        if let Err(error) = carry(near, &target).await {
                            tracing::debug!(%error, target, "a connection to EventStoreDB ended");
                        }
                    });
                }
                // Out of descriptors, most likely: they come back.
                Err(error) => {
                    tracing::warn!(%error, "the relay to EventStoreDB cannot accept");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Until either side closes: half-open connections are of no use to HTTP/2.
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

/// The system forgets it after a while, so it is asked for before every read.
#[cfg(target_os = "linux")]
fn at_once(stream: &TcpStream) {
    // Without it calls are slow, not wrong.
    let _ = SockRef::from(stream).set_tcp_quickack(true);
}

#[cfg(not(target_os = "linux"))]
fn at_once(_: &TcpStream) {}
