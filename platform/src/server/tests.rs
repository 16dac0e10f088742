//! Real connections on this machine: peers, keep-alive, and the graceful stop.

use super::{AcceptLimiter, bind, serve, serve_through};
use crate::tasks::Tasks;
use axum::{Router, extract::ConnectInfo, routing::get};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};

const LONG: Duration = Duration::from_secs(30);

async fn started(router: Router, header_timeout: Duration) -> (Tasks, SocketAddr) {
    let tasks = Tasks::new();
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    serve(&tasks, listener, router, header_timeout);
    (tasks, address)
}

async fn ask(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    tokio::time::timeout(LONG, stream.read_to_string(&mut text)).await.unwrap().unwrap();
    text
}

#[tokio::test]
async fn handlers_see_the_peer() {
    let router =
        Router::new().route("/", get(|peer: ConnectInfo<SocketAddr>| async move { peer.0.ip().to_string() }));
    let (tasks, address) = started(router, LONG).await;
    let stream = ask(address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(rest(stream).await.ends_with("127.0.0.1"));
    tasks.drain(LONG).await.unwrap();
}

#[tokio::test]
async fn shutdown_finishes_requests_and_closes_idle_connections() {
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (seen, go) = (Arc::clone(&entered), Arc::clone(&leave));
    let handler = move || async move {
        entered.notify_one();
        leave.notified().await;
        "finished"
    };
    let router = Router::new().route("/slow", get(handler)).route("/", get(|| async { "quick" }));
    let (tasks, address) = started(router, LONG).await;
    let mut resting = ask(address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut first = [0; 12];
    resting.read_exact(&mut first).await.unwrap();
    let slow = ask(address, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    seen.notified().await;
    tasks.close();
    assert!(rest(resting).await.ends_with("quick"));
    go.notify_one();
    assert!(rest(slow).await.ends_with("finished"));
    tasks.drain(LONG).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn connection_with_unfinished_headers_is_closed_after_the_timeout() {
    let router = Router::new().route("/", get(|| async { "quick" }));
    let (tasks, address) = started(router, Duration::from_millis(50)).await;
    let stream = ask(address, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow:").await;
    let answer = rest(stream).await;
    assert!(!answer.contains("quick"), "{answer}");
    tasks.drain(LONG).await.unwrap();
}

#[tokio::test]
async fn connections_per_address_are_limited_except_for_proxies() {
    for (proxies, is_limited) in [(vec![], true), (vec!["127.0.0.0/8".parse().unwrap()], false)] {
        let tasks = Tasks::new();
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "quick" }));
        serve_through(&AcceptLimiter::new(2, &proxies), &tasks, listener, router, LONG);
        let mut kept = vec![];
        for _ in 0..2 {
            let mut stream = ask(address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
            let mut first = [0; 12];
            stream.read_exact(&mut first).await.unwrap();
            assert_eq!(&first, b"HTTP/1.1 200");
            kept.push(stream);
        }
        let third = TcpStream::connect(address).await.unwrap();
        if is_limited {
            let answer = rest(third).await;
            assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("Retry-After"), "{answer}");
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("Content-Length: {}", body.len())), "{answer}");
            drop(kept.pop());
            // The server notices the closed connection a moment later.
            let again = async {
                loop {
                    let stream = TcpStream::connect(address).await.unwrap();
                    let mut stream = tokio::io::BufStream::new(stream);
                    let asked =
                        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
                    let (asked, mut text) = (asked.and(stream.flush().await), String::new());
                    if asked.and(stream.read_to_string(&mut text).await.map(drop)).is_ok()
                        && text.contains("quick")
                    {
                        return;
                    }
                }
            };
            tokio::time::timeout(LONG, again).await.unwrap();
        } else {
            drop(third);
        }
        drop(kept);
        tasks.drain(LONG).await.unwrap();
    }
}
