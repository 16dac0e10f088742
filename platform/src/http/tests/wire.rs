//! The shell on a real connection, and what it counts.

use super::{api, config, request, send};
use crate::{
    http::{Reply, Shell},
    server::{bind, serve},
    tasks::Tasks,
};
use axum::{Router, body::Body as AxumBody, extract::ws::WebSocketUpgrade, routing::get};
use http::Method;
use metrics_exporter_prometheus::PrometheusBuilder;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const LONG: Duration = Duration::from_secs(30);

async fn connect(router: Router) -> (Tasks, TcpStream) {
    let tasks = Tasks::new();
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    serve(&tasks, listener, Shell::new(&config()).wrap(router), LONG);
    (tasks, TcpStream::connect(address).await.unwrap())
}

/// Reads until the text is there.
async fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut seen = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&seen).contains(wanted) {
            let mut chunk = [0; 4096];
            let count = stream.read(&mut chunk).await.unwrap();
            assert!(count > 0, "closed after {}", String::from_utf8_lossy(&seen));
            seen.extend_from_slice(&chunk[..count]);
        }
    };
    tokio::time::timeout(LONG, reading).await.unwrap();
    String::from_utf8_lossy(&seen).into_owned()
}

#[tokio::test]
async fn who_sends_too_much_still_reads_the_answer() {
    let (tasks, mut stream) = connect(api()).await;
    let length = 10 << 20;
    let head = format!("POST /api/v3/any HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b' '; length]).await.unwrap();
    let answer = read_until(&mut stream, "}").await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("REQUEST_TOO_LARGE"), "{answer}");
    stream.write_all(b"GET /api/v3/ping HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(read_until(&mut stream, "pong").await.starts_with("HTTP/1.1 200"));
    tasks.drain(LONG).await.unwrap();
}

/// Also when nobody looked at the body before the request was refused.
#[tokio::test]
async fn who_is_refused_unread_still_reads_the_answer() {
    let (tasks, mut stream) = connect(api()).await;
    let length = 10 << 20;
    for (path, kind, status) in [("any", "text/xml", "415"), ("nowhere", "application/json", "404")] {
        let head = format!(
            "POST /api/v3/{path} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; length]).await.unwrap();
        let answer = read_until(&mut stream, "}").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    stream.write_all(b"GET /api/v3/ping HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(read_until(&mut stream, "pong").await.starts_with("HTTP/1.1 200"));
    // A client that waits for `100 Continue` gets the refusal without sending the body.
    let head = format!(
        "POST /api/v3/any HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(read_until(&mut stream, "}").await.starts_with("HTTP/1.1 413"));
    tasks.drain(LONG).await.unwrap();
}

#[tokio::test]
async fn sockets_pass_the_shell_and_hear_of_the_stop() {
    let tasks = Tasks::new();
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    let owner = tasks.clone();
    let handler = move |upgrade: WebSocketUpgrade| async move {
        upgrade.on_upgrade(move |mut socket| {
            let stopping = owner.stopping();
            owner.clone().follow("socket", async move {
                stopping.cancelled().await;
                // The client may be gone already.
                let _ = socket.send(axum::extract::ws::Message::Text("bye".into())).await;
            })
        })
    };
    serve(&tasks, listener, Shell::new(&config()).wrap(Router::new().route("/ws", get(handler))), LONG);
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    let opened = async {
        while !tasks.running().contains(&"socket") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, opened).await.unwrap();
    let drained = tokio::spawn(async move { tasks.drain(LONG).await });
    assert!(read_until(&mut stream, "bye").await.contains("bye"));
    drained.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_handshake_that_is_none_fails_in_the_envelope() {
    let handler = |upgrade: WebSocketUpgrade| async move { upgrade.on_upgrade(|_| async {}) };
    let (tasks, mut stream) = connect(Router::new().route("/ws", get(handler))).await;
    stream.write_all(b"GET /ws HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let answer = read_until(&mut stream, "}").await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("\"error\":\"BAD_REQUEST\""), "{answer}");
    tasks.drain(LONG).await.unwrap();
}

#[test]
fn requests_are_counted_by_route_and_never_by_path() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            for path in ["/api/v3/teams/0f8fad5b-d9cb-469f-a165-70867728950e", "/secret", "/api/v3/oops"] {
                send(request(&Method::GET, path).body(AxumBody::empty()).unwrap()).await;
            }
        });
    });
    let text = recorder.handle().render();
    for expected in [
        r#"veche_http_requests_total{method="GET",route="/api/v3/teams/{team_uid}",status="2xx"} 1"#,
        r#"veche_http_requests_total{method="GET",route="unmatched",status="4xx"} 1"#,
        r#"veche_http_requests_total{method="GET",route="/api/v3/oops",status="deliberate"} 1"#,
    ] {
        assert!(text.contains(expected), "{text}");
    }
    assert!(!text.contains("secret") && !text.contains("0f8fad5b"), "{text}");
}

#[tokio::test]
async fn connections_are_kept_between_requests() {
    let router = Router::new().route("/api/v3/ping", get(|| async { Reply::new("pong") }));
    let (tasks, mut stream) = connect(router).await;
    for _ in 0..3 {
        stream.write_all(b"GET /api/v3/ping HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        read_until(&mut stream, "pong\"}").await;
    }
    tasks.drain(LONG).await.unwrap();
}
