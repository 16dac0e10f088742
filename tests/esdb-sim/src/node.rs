//! A node: its listener, connections and view of the cluster.

use crate::{
    faults::{Faults, Rule},
    messages::{EndPoint, Id, Member},
    service::Calls,
    store::Store,
    tls,
};
use hyper::{server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{
    collections::HashMap,
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Notify,
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

/// Gossip states of a follower and of the leader.
const FOLLOWS: i32 = 6;
const LEADS: i32 = 8;

/// The state that calls share.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) store: Arc<Store>,
    pub(crate) faults: Faults,
    calls: Mutex<HashMap<String, u64>>,
    cluster: Mutex<Cluster>,
}

/// The cluster as this node sees it.
#[derive(Debug, Default)]
struct Cluster {
    members: Vec<(u16, bool)>,
    /// The leader, if it is another node.
    leader: Option<u16>,
}

impl Node {
    pub(crate) fn count(&self, call: &str) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(call.to_owned()).or_default() += 1;
    }

    pub(crate) fn leader(&self) -> Option<(String, u16)> {
        let leader = self.cluster().leader?;
        Some((Ipv4Addr::LOCALHOST.to_string(), leader))
    }

    pub(crate) fn members(&self) -> Vec<Member> {
        let member = |(port, leads): &(u16, bool)| Member {
            id: Some(Id::of(Uuid::from_u128((*port).into()))),
            state: if *leads { LEADS } else { FOLLOWS },
            alive: true,
            place: Some(EndPoint { address: Ipv4Addr::LOCALHOST.to_string(), port: (*port).into() }),
        };
        self.cluster().members.iter().map(member).collect()
    }

    fn cluster(&self) -> std::sync::MutexGuard<'_, Cluster> {
        self.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A simulated server. It ends when it is dropped.
pub struct Sim {
    node: Arc<Node>,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    listening: Option<JoinHandle<()>>,
}

impl Sim {
    /// Starts a server with an empty store on a free port.
    pub async fn start() -> io::Result<Self> {
        Self::over(Arc::default(), None).await
    }

    /// Starts a server that uses TLS with a certificate of [`crate::authority`].
    pub async fn start_with_tls() -> io::Result<Self> {
        Self::over(Arc::default(), Some(tls::acceptor()?)).await
    }

    /// Starts another node over the same store.
    pub async fn another_node(&self) -> io::Result<Self> {
        Self::over(self.node.store.clone(), self.tls.clone()).await
    }

    async fn over(store: Arc<Store>, tls: Option<TlsAcceptor>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let node = Arc::new(Node { store, ..Node::default() });
        let address = listener.local_addr()?;
        let listening = Some(tokio::spawn(listen(listener, node.clone(), tls.clone())));
        Ok(Self { node, address, tls, listening })
    }

    /// The URL for clients.
    pub fn url(&self) -> String {
        match self.tls {
            None => format!("esdb://{}?tls=false", self.address),
            Some(_) => format!("esdb://{}?tls=true&tlsCaFile={}", self.address, crate::authority().display()),
        }
    }

    /// The address that it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Ends all connections and accepts no more; the store remains.
    pub async fn stop(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            let _ = listening.await;
        }
    }

    /// Listens again on the same port.
    pub async fn restart(&mut self) -> io::Result<()> {
        self.stop().await;
        let listener = TcpListener::bind(self.address).await?;
        self.listening = Some(tokio::spawn(listen(listener, self.node.clone(), self.tls.clone())));
        Ok(())
    }

    /// Adds a fault.
    pub fn fail(&self, rule: Rule) {
        self.node.faults.add(rule);
    }

    /// Removes all faults.
    pub fn heal(&self) {
        self.node.faults.clear();
    }

    /// Number of calls so far, by the name in the protocol.
    pub fn calls(&self, name: &str) -> u64 {
        let calls = self.node.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.get(name).copied().unwrap_or_default()
    }

    /// The whole store as text, as on a stolen disk.
    pub fn everything(&self) -> String {
        self.node.store.everything()
    }

    /// Deletes a stream permanently, by its name on the server.
    pub fn tombstone(&self, stream: &str) {
        self.node.store.tombstone(stream);
    }

    /// Sets this node's view of the cluster: everybody's ports, and the leader.
    pub fn set_cluster(&self, members: &[u16], leader: u16) {
        let mut cluster = self.node.cluster();
        cluster.members = members.iter().map(|port| (*port, *port == leader)).collect();
        cluster.leader = (leader != self.port()).then_some(leader);
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}

async fn listen(listener: TcpListener, node: Arc<Node>, tls: Option<TlsAcceptor>) {
    // Connections end with this task.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    let (node, tls) = (node.clone(), tls.clone());
                    connections.spawn(async move {
                        match tls {
                            None => serve(stream, node).await,
                            // A client that does not trust the certificate has left.
                            Some(tls) => {
                                if let Ok(stream) = tls.accept(stream).await {
                                    serve(stream, node).await;
                                }
                            }
                        }
                    });
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, node: Arc<Node>) {
    let cut = Arc::new(Notify::new());
    let calls = Calls { node, cut: cut.clone() };
    let service = service_fn(move |request| calls.clone().answer(request));
    let connection =
        http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = connection => {}
        () = cut.notified() => {}
    }
}
