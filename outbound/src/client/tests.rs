//! The corpus of URLs that must never be called, and the behaviour of allowed calls.

use super::{BadUrl, Outbound, OutboundError, OutboundPolicy, resolver::GuardedResolver};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::post,
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

fn strict() -> Outbound {
    Outbound::new(OutboundPolicy::default()).unwrap()
}

/// A policy for tests with a server of their own: plain http to loopback, any port.
fn local() -> OutboundPolicy {
    OutboundPolicy {
        allow_http: true,
        allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ports: Vec::new(),
        timeout: Duration::from_secs(30),
        ..OutboundPolicy::default()
    }
}

fn scripted(policy: OutboundPolicy, answers: &[&[&str]]) -> Outbound {
    let answers =
        answers.iter().map(|ips| ips.iter().map(|ip| ip.parse::<IpAddr>().unwrap()).collect()).collect();
    Outbound::with_resolver(policy, |policy| GuardedResolver::scripted(policy, answers)).unwrap()
}

/// A server that counts calls.
struct Receiver {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
    server: tokio::task::JoinHandle<()>,
}

impl Receiver {
    async fn start() -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let app = Router::new()
            .route(
                "/echo",
                post(async |headers: HeaderMap, body: String| format!("{:?} {body}", headers["host"])),
            )
            .route("/headers", post(async |headers: HeaderMap| format!("{headers:?}")))
            .route("/redirect", post(async || (StatusCode::FOUND, [(LOCATION, "http://127.0.0.1:1/")])))
            .route("/error", post(async || StatusCode::INTERNAL_SERVER_ERROR))
            .route("/endless", post(endless))
            .route("/silent", post(async || std::future::pending::<()>().await))
            .layer(axum::middleware::from_fn(move |request: Request, next: axum::middleware::Next| {
                counted.fetch_add(1, Ordering::SeqCst);
                next.run(request)
            }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, calls, server }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn endless() -> Response {
    let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 1_000]));
    Body::from_stream(chunks).into_response()
}

#[test]
fn forbidden_urls_are_refused() {
    let strict = strict();
    for (url, expected) in [
        ("", BadUrl::Malformed),
        ("example.com/hook", BadUrl::Malformed),
        ("//example.com/hook", BadUrl::Malformed),
        ("https://", BadUrl::Malformed),
        ("https://exa mple.com/", BadUrl::Malformed),
        ("https://example.com/\nHost: evil", BadUrl::Malformed),
        ("https://example.com\\@127.0.0.1/", BadUrl::Malformed),
        ("https://2130706433/", BadUrl::Malformed),
        ("https://0x7f000001/", BadUrl::Malformed),
        ("https://0x7f.1/", BadUrl::Malformed),
        ("https://0177.0.0.1/", BadUrl::Malformed),
        ("https://127.1/", BadUrl::Malformed),
        ("https://017700000001/", BadUrl::Malformed),
        ("https://0/", BadUrl::Malformed),
        ("https://①②⑦.⓪.⓪.①/", BadUrl::Malformed),
        ("https://127.0.0.1./", BadUrl::Malformed),
        ("https://%31%32%37.0.0.1/", BadUrl::Malformed),
        ("http://example.com/", BadUrl::Scheme),
        ("ftp://example.com/", BadUrl::Scheme),
        ("file:///etc/passwd", BadUrl::Scheme),
        ("gopher://example.com:443/", BadUrl::Scheme),
        ("data:text/plain,x", BadUrl::Scheme),
        ("javascript:alert(1)", BadUrl::Scheme),
        ("https://user@example.com/", BadUrl::Credentials),
        ("https://user:password@example.com/", BadUrl::Credentials),
        ("https://@example.com/", BadUrl::Credentials),
        ("https://example.com@127.0.0.1/", BadUrl::Credentials),
        ("https://example.com:22/", BadUrl::Port),
        ("https://example.com:6379/", BadUrl::Port),
        ("https://example.com:0/", BadUrl::Port),
        ("https://127.0.0.1/", BadUrl::NotPublic),
        ("https://10.0.0.1/", BadUrl::NotPublic),
        ("https://169.254.169.254/latest/meta-data/", BadUrl::NotPublic),
        ("https://100.100.100.200/", BadUrl::NotPublic),
        ("https://0.0.0.0/", BadUrl::NotPublic),
        ("https://255.255.255.255/", BadUrl::NotPublic),
        ("https://[::]/", BadUrl::NotPublic),
        ("https://[::1]/", BadUrl::NotPublic),
        ("https://[::ffff:127.0.0.1]/", BadUrl::NotPublic),
        ("https://[::ffff:7f00:1]/", BadUrl::NotPublic),
        ("https://[::127.0.0.1]/", BadUrl::NotPublic),
        ("https://[64:ff9b::7f00:1]/", BadUrl::NotPublic),
        ("https://[2002:7f00:1::]/", BadUrl::NotPublic),
        ("https://[fd00:ec2::254]/", BadUrl::NotPublic),
        ("https://[fe80::1]/", BadUrl::NotPublic),
        ("https://[2001:db8::1]/", BadUrl::NotPublic),
    ] {
        assert_eq!(strict.vet(url), Err(expected), "{url}");
    }
    assert_eq!(strict.vet(&format!("https://example.com/{}", "a".repeat(2_048))), Err(BadUrl::Malformed));
}

#[test]
fn public_https_urls_are_accepted() {
    let strict = strict();
    for url in [
        "https://example.com",
        "https://example.com/hook?key=1#part",
        "HTTPS://Example.COM:8443/hook",
        "https://example.com:80/",
        "https://почта.рф/",
        "https://8.8.8.8/",
        "https://8.8.8.8:443?x",
        "https://[2606:4700:4700::1111]/",
        "https://example.com/@user",
    ] {
        assert_eq!(strict.vet(url), Ok(()), "{url}");
    }
}

#[test]
fn policy_allows_http_networks_and_ports() {
    let open = Outbound::new(local()).unwrap();
    for url in ["http://127.0.0.1:12345/", "http://[::ffff:127.0.0.1]/", "http://example.com:22/"] {
        assert_eq!(open.vet(url), Ok(()), "{url}");
    }
    assert_eq!(open.vet("http://10.0.0.1/"), Err(BadUrl::NotPublic));
}

#[tokio::test]
async fn posted_form_returns_the_answer() {
    let receiver = Receiver::start().await;
    let outbound = Outbound::new(local()).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("key", "abc".parse().unwrap());
    let answer = outbound
        .post_form(&receiver.url("/echo"), headers.clone(), &[("text", "а & b"), ("chat", "g-1")])
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
    let host = receiver.address;
    assert_eq!(answer.body, format!("\"{host}\" text=%D0%B0+%26+b&chat=g-1"));
    let answer = outbound.post_form(&receiver.url("/headers"), headers, &[]).await.unwrap();
    let seen = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(seen.contains("\"key\": \"abc\"") && seen.contains("x-www-form-urlencoded"), "{seen}");
}

#[tokio::test]
async fn error_statuses_and_redirects_are_answers() {
    let receiver = Receiver::start().await;
    let outbound = Outbound::new(local()).unwrap();
    for (path, status) in [("/redirect", 302), ("/error", 500), ("/nowhere", 404)] {
        let answer = outbound.post_form(&receiver.url(path), HeaderMap::new(), &[]).await.unwrap();
        assert_eq!(answer.status, status, "{path}");
    }
    assert_eq!(receiver.calls(), 3);
}

#[tokio::test]
async fn endless_answer_is_cut_at_the_limit() {
    let receiver = Receiver::start().await;
    let outbound = Outbound::new(local()).unwrap();
    let answer = outbound.post_form(&receiver.url("/endless"), HeaderMap::new(), &[]).await.unwrap();
    assert_eq!(answer.body.len(), 64 * 1024);
}

#[tokio::test]
async fn call_without_answer_times_out() {
    let receiver = Receiver::start().await;
    let outbound = Outbound::new(OutboundPolicy { timeout: Duration::from_millis(200), ..local() }).unwrap();
    let result = outbound.post_form(&receiver.url("/silent"), HeaderMap::new(), &[]).await;
    assert!(matches!(result, Err(OutboundError::Timeout)), "{result:?}");
}

#[tokio::test]
async fn name_with_any_inner_address_is_refused() {
    let receiver = Receiver::start().await;
    let url = format!("http://rebind.example:{}/echo", receiver.address.port());
    for addresses in
        [&["10.0.0.1"][..], &["127.0.0.1", "10.0.0.1"], &["8.8.8.8", "::1"], &["169.254.169.254"]]
    {
        let outbound = scripted(local(), &[addresses]);
        let result = outbound.post_form(&url, HeaderMap::new(), &[]).await;
        assert!(matches!(result, Err(OutboundError::Refused(BadUrl::NotPublic))), "{addresses:?} {result:?}");
    }
    assert_eq!(receiver.calls(), 0);
}

#[tokio::test]
async fn call_goes_to_the_checked_address() {
    let receiver = Receiver::start().await;
    let url = format!("http://hook.example:{}/echo", receiver.address.port());
    // The second answer would be refused: one call must not resolve twice.
    let outbound = scripted(local(), &[&["127.0.0.1"], &["10.0.0.1"]]);
    let answer = outbound.post_form(&url, HeaderMap::new(), &[]).await.unwrap();
    assert!(answer.body.starts_with(b"\"hook.example:"));
    assert_eq!(receiver.calls(), 1);
}

#[tokio::test]
async fn localhost_is_refused_by_the_system_resolver() {
    let policy = OutboundPolicy { allow_http: true, ports: Vec::new(), ..OutboundPolicy::default() };
    let outbound = Outbound::new(policy).unwrap();
    let result = outbound.post_form("http://localhost:1/", HeaderMap::new(), &[]).await;
    assert!(matches!(result, Err(OutboundError::Refused(BadUrl::NotPublic))), "{result:?}");
}

#[tokio::test]
async fn failure_text_contains_no_address() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/?key=secret", listener.local_addr().unwrap());
    drop(listener);
    let error = Outbound::new(local()).unwrap().post_form(&url, HeaderMap::new(), &[]).await.unwrap_err();
    assert!(matches!(error, OutboundError::Failed(_)));
    assert!(!format!("{error} {error:?}").contains("secret"));
}
