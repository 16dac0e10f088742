//! Headers to and from browsers: CORS, origins, client addresses.

use super::{config, read, request, send, send_to};
use crate::http::{RequestInfo, require_same_origin, shell::Shell};
use axum::{Router, body::Body as AxumBody, routing::post};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

fn preflight(origin: &str) -> Request<AxumBody> {
    request(&Method::OPTIONS, "/api/v3/people")
        .header("origin", origin)
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "token, idempotency-key")
        .body(AxumBody::empty())
        .unwrap()
}

#[tokio::test]
async fn only_listed_origins_are_allowed_by_cors() {
    let (status, headers, text) = read(send(preflight("https://app.example.org")).await).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, ""));
    assert_eq!(headers["access-control-allow-origin"], "https://app.example.org");
    assert_eq!(headers["access-control-allow-credentials"], "true");
    let allowed = headers["access-control-allow-headers"].to_str().unwrap();
    assert!(
        ["token", "idempotency-key", "min-event-position"].iter().all(|name| allowed.contains(name)),
        "{allowed}"
    );
    for evil in ["https://evil.example", "null", "https://app.example.org.evil.example"] {
        let (_, headers, _) = read(send(preflight(evil)).await).await;
        assert!(!headers.contains_key("access-control-allow-origin"), "{evil}");
    }
}

#[tokio::test]
async fn failures_can_be_read_by_listed_origins_too() {
    for path in ["/api/v3/none", "/api/v3/panic"] {
        let request = request(&Method::GET, path).header("origin", "https://app.example.org");
        let (_, headers, _) = read(send(request.body(AxumBody::empty()).unwrap()).await).await;
        assert_eq!(headers["access-control-allow-origin"], "https://app.example.org", "{path}");
        let exposed = headers["access-control-expose-headers"].to_str().unwrap();
        assert!(exposed.contains("event-position") && exposed.contains("retry-after"), "{exposed}");
    }
}

#[tokio::test]
async fn https_is_remembered_once_clients_come_by_it() {
    let mut config = config();
    config.public_url = Some("https://chat.example.org".to_owned());
    let request = request(&Method::GET, "/api/v3/ping").body(AxumBody::empty()).unwrap();
    let (_, headers, _) = read(send_to(&config, request).await).await;
    assert_eq!(headers["strict-transport-security"], "max-age=31536000");
}

#[tokio::test]
async fn a_foreign_page_cannot_act_with_the_cookie() {
    let cases = [
        (None, None, true),
        (Some("same-origin"), None, true),
        (Some("none"), None, true),
        (Some("same-origin"), Some("http://127.0.0.1:8000"), true),
        (None, Some("http://127.0.0.1:8000"), true),
        (None, Some("https://app.example.org"), true),
        (Some("cross-site"), Some("https://app.example.org"), true),
        (Some("cross-site"), None, false),
        (Some("same-site"), None, false),
        (Some("cross-site"), Some("https://evil.example"), false),
        (None, Some("https://evil.example"), false),
        (None, Some("null"), false),
        (Some("unheard-of"), None, false),
    ];
    let config = config();
    let shared = config.clone();
    let check = move |info: RequestInfo| async move {
        require_same_origin(&info, &shared).map(|()| crate::http::Reply::new(()))
    };
    let router = Shell::new(&config).wrap(Router::new().route("/act", post(check)));
    for (site, origin, allowed) in cases {
        let mut builder = request(&Method::POST, "/act");
        for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
            if let Some(value) = value {
                builder = builder.header(name, value);
            }
        }
        let response = router.clone().oneshot(builder.body(AxumBody::empty()).unwrap()).await.unwrap();
        let expected = if allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(response.status(), expected, "{site:?} {origin:?}");
    }
}

#[tokio::test]
async fn handlers_are_told_who_asks() {
    let request = request(&Method::GET, "/api/v3/facts")
        .header("x-forwarded-for", "1.1.1.1, 198.51.100.7")
        .header("user-agent", "a".repeat(1_000))
        .header("x-request-id", "mine")
        .body(AxumBody::empty());
    let (_, _, text) = read(send(request.unwrap()).await).await;
    let body: Value = serde_json::from_str(&text).unwrap();
    let expected =
        json!({ "id": "mine", "client": "198.51.100.7", "route": "/api/v3/facts", "agent": "a".repeat(300) });
    assert_eq!(body["result"], expected);
}
