use super::{Refused, Sender, Upstream};
use crate::credentials::Credentials;
use axum::{
    Extension, Json, Router,
    extract::{ConnectInfo, Path},
    routing::post,
};
use bytes::Bytes;
use events::TeamId;
use http::{HeaderMap, HeaderValue};
use platform::{
    config::{Config, Profile},
    http::{RequestInfo, Shell},
};
use protocol::{lang::Lang, realtime::ClientEvent};
use secrets::vault::Vault;
use serde_json::{Value, json};
use std::net::SocketAddr;
use uuid::Uuid;

fn sender(credentials: Credentials) -> Sender {
    Sender {
        team: TeamId(Uuid::from_u128(7)),
        credentials,
        client: [192, 0, 2, 1].into(),
        request_id: "request-1".into(),
        lang: Lang::En,
    }
}

fn vault() -> Vault {
    Vault::new(&[7; 32])
}

fn token() -> Sender {
    sender(Credentials::Token(HeaderValue::from_static("secret")))
}

/// Answers with a refusal that lists the received headers.
fn mirror() -> Upstream {
    async fn reflect(
        Path((team, event)): Path<(String, String)>,
        Extension(peer): Extension<ConnectInfo<SocketAddr>>,
        headers: HeaderMap,
        Json(params): Json<Value>,
    ) -> Json<Value> {
        let header = |name: &str| headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned();
        let names = ["token", "cookie", "sec-fetch-site", "x-request-id", "lang"];
        let seen = names.map(header).join(" ");
        let peer = peer.0.ip();
        Json(json!({"ok": false, "error": event, "reason": format!("{team} {seen} {peer} {params}")}))
    }
    Upstream::InProcess(Router::new().route("/api/v3/teams/{team}/ws/{event}", post(reflect)))
}

fn answering(answer: Value) -> Upstream {
    let handler = move || async move { Json(answer) };
    Upstream::InProcess(Router::new().route("/api/v3/teams/{team}/ws/{event}", post(handler)))
}

#[tokio::test]
async fn command_carries_the_sockets_credentials_and_address() {
    let Refused(reason) = mirror()
        .command(&token(), ClientEvent::MessageDeleted, Bytes::from_static(br#"{"a":1}"#))
        .await
        .unwrap_err();
    let team = Uuid::from_u128(7);
    assert_eq!(
        reason,
        format!(r#"client.message.deleted: {team} secret - - request-1 en 192.0.2.1 {{"a":1}}"#)
    );
}

#[tokio::test]
async fn cookie_command_has_same_origin_fetch_metadata() {
    let sender = sender(Credentials::Cookie(HeaderValue::from_static("tada_session=secret")));
    let Refused(reason) =
        mirror().command(&sender, ClientEvent::LastRead, Bytes::from_static(b"{}")).await.unwrap_err();
    assert!(reason.contains(" - tada_session=secret same-origin request-1 "), "{reason}");
}

#[tokio::test]
async fn refusal_joins_code_reason_and_details() {
    let cases = [
        (json!({"ok": true, "result": {}}), Ok(())),
        (json!({"ok": false, "error": "NOT_FOUND"}), Err("NOT_FOUND")),
        (json!({"ok": false, "error": "X", "reason": "why"}), Err("X: why")),
        (json!({"ok": false, "error": "X", "details": {"to": "bad", "a": "b"}}), Err("X: a: b; to: bad")),
        (json!("no envelope"), Err("UNAVAILABLE")),
    ];
    for (answer, expected) in cases {
        let result = answering(answer.clone())
            .command(&token(), ClientEvent::LastRead, Bytes::from_static(b"{}"))
            .await;
        assert_eq!(result, expected.map_err(|text: &str| Refused(text.into())), "{answer}");
    }
}

#[tokio::test]
async fn unreachable_process_is_unavailable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let result = Upstream::Http { base_url, client, vault: vault() }
        .command(&token(), ClientEvent::LastRead, Bytes::from_static(b"{}"))
        .await;
    assert_eq!(result, Err(Refused("UNAVAILABLE".into())));
}

#[tokio::test]
async fn process_without_trusted_proxies_accepts_the_vouched_address() {
    let (sender, received) = std::sync::mpsc::channel();
    let note = move |info: RequestInfo| async move { sender.send(info.client).unwrap() };
    let router = Router::new().route("/api/v3/teams/{team}/ws/{event}", post(note));
    let router = Shell::believing(&Config::defaults(Profile::Dev), vault()).wrap(router);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let upstream = Upstream::Http { base_url, client, vault: vault() };
    // The answer does not matter here.
    let _ = upstream.command(&token(), ClientEvent::LastRead, Bytes::from_static(b"{}")).await;
    server.abort();
    assert_eq!(received.try_recv(), Ok(token().client));
}
