//! Serves routers on listeners, and shuts down gracefully: first readiness, then requests in flight, then sockets
//! and tasks.

mod accept_limiter;

pub use accept_limiter::AcceptLimiter;

use crate::{
    http::health::Readiness,
    tasks::{StopError, Tasks},
};
use accept_limiter::CountedStream;
use axum::{Router, body::Body, extract::ConnectInfo};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, io, net::SocketAddr, pin::pin, time::Duration};
use tokio::net::TcpListener;
use tower::ServiceExt;

/// Read buffer of a connection, in bytes: the head of a request must fit, and as much of a body may be buffered.
const READ_AHEAD: usize = 64 * 1024;

/// Pause after an accept that failed because file descriptors or memory ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Opens a listener.
///
/// # Errors
/// The system's error, with the address in its text.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))
}

/// Serves a router until shutdown begins; then requests in flight are finished and idle connections closed.
///
/// `header_timeout` limits the wait for a request's headers, on a fresh connection and between requests.
pub fn serve(tasks: &Tasks, listener: TcpListener, router: Router, header_timeout: Duration) {
    serve_through(&AcceptLimiter::default(), tasks, listener, router, header_timeout);
}

/// Serves a router like [`serve`], with a limit on the connections per address.
pub fn serve_through(
    limiter: &AcceptLimiter,
    tasks: &Tasks,
    listener: TcpListener,
    router: Router,
    header_timeout: Duration,
) {
    let limiter = limiter.clone();
    let owner = tasks.clone();
    tasks.spawn_critical("listener", async move {
        let closing = owner.closing();
        while let Some(accepted) = closing.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, peer)) => {
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "a connection keeps Nagle's delay");
                    }
                    let Some(stream) = limiter.admit(stream, peer.ip()) else { continue };
                    let served = connection(owner.clone(), stream, peer, router.clone(), header_timeout);
                    owner.spawn_connection("connection", served);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        Ok::<(), Infallible>(())
    });
}

async fn connection(
    tasks: Tasks,
    stream: CountedStream,
    peer: SocketAddr,
    router: Router,
    header_timeout: Duration,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(header_timeout).max_buf_size(READ_AHEAD);
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let closing = tasks.closing();
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = closing.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended with an error");
    }
}

/// Waits for SIGTERM, SIGINT or the failure of a critical task, then shuts down.
///
/// # Errors
/// [`StopError`] of [`Tasks::drain`]: the process should exit with a failure.
pub async fn until_stopped(tasks: &Tasks, readiness: &Readiness, drain: Duration) -> Result<(), StopError> {
    let closing = tasks.closing();
    tokio::select! {
        () = signal() => tracing::info!("shutdown requested"),
        () = closing.cancelled() => {}
    }
    readiness.stop();
    let stopped = tasks.drain(drain).await;
    match &stopped {
        Ok(()) => tracing::info!("stopped"),
        Err(error) => tracing::error!(%error, "stopped with a failure"),
    }
    stopped
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("cannot listen for signals: only SIGKILL ends this process");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

#[cfg(test)]
mod tests;
