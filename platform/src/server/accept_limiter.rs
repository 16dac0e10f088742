//! Counts open connections by address. A connection above the limit gets an answer and is closed before anything is read.

use crate::limits::Key;
use ipnet::IpNet;
use std::{
    collections::HashMap,
    io::{self, IoSlice},
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// The answer to a connection above the limit, before its request is read.
const REFUSAL: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json; charset=utf-8\r\n\
    Retry-After: 5\r\nConnection: close\r\nContent-Length: 49\r\n\r\n\
    {\"_time\":\"0 ms\",\"ok\":false,\"error\":\"RATE_LIMIT\"}\n";

/// See the file's head. Cheap to clone: clones count together.
#[derive(Clone, Debug, Default)]
pub struct AcceptLimiter(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// 0 for any number.
    per_address: u32,
    proxies: Vec<IpNet>,
    open: Mutex<HashMap<Key, u32>>,
}

/// A connection that is counted for as long as it lives, also as a socket.
#[derive(Debug)]
pub(super) struct CountedStream {
    stream: TcpStream,
    _entry: Option<Entry>,
}

#[derive(Debug)]
struct Entry {
    limiter: AcceptLimiter,
    key: Key,
}

impl AcceptLimiter {
    /// Lets so many in from each address; 0 for any number. Proxies bring many people and are not counted.
    pub fn new(per_address: u32, proxies: &[IpNet]) -> Self {
        Self(Arc::new(Inner { per_address, proxies: proxies.to_vec(), open: Mutex::default() }))
    }

    /// Lets a connection in, or refuses it.
    pub(super) fn admit(&self, stream: TcpStream, peer: IpAddr) -> Option<CountedStream> {
        let peer = peer.to_canonical();
        if self.0.per_address == 0 || self.0.proxies.iter().any(|network| network.contains(&peer)) {
            return Some(CountedStream { stream, _entry: None });
        }
        let Some(entry) = self.enter(Key::subscriber(peer)) else {
            metrics::counter!("veche_connections_refused_total").increment(1);
            // The peer may not read it; nobody waits for that.
            let _ = stream.try_write(REFUSAL);
            return None;
        };
        Some(CountedStream { stream, _entry: Some(entry) })
    }

    fn enter(&self, key: Key) -> Option<Entry> {
        let mut open = self.open();
        let count = open.entry(key.clone()).or_default();
        if *count >= self.0.per_address {
            return None;
        }
        *count += 1;
        drop(open);
        Some(Entry { limiter: self.clone(), key })
    }

    /// Counting cannot be interrupted half way, so a poisoned lock still guards a whole map.
    fn open(&self) -> MutexGuard<'_, HashMap<Key, u32>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut open = self.limiter.open();
        match open.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                open.remove(&self.key);
            }
        }
    }
}

impl AsyncRead for CountedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
