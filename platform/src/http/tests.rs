//! The shell from outside: what a client reads for every way a request can go.

mod browser;
mod envelope;
mod input;
mod wire;

use super::{Bare, Body, BodyLimit, Form, Params, Query, Reply, RequestInfo, Shell};
use crate::{
    config::{Config, Profile},
    http::ApiError,
    limits::{Key, Limit, Limits, Quota},
};
use axum::{
    Extension, Json, Router,
    body::{Body as AxumBody, to_bytes},
    extract::ConnectInfo,
    response::Response,
    routing::{get, post},
};
use http::{HeaderMap, Method, Request, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};
use tower::ServiceExt;
use uuid::Uuid;

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Person {
    phone: String,
    #[serde(default)]
    age: Option<u32>,
    #[serde(default)]
    role: Role,
    #[serde(default)]
    id: Option<Uuid>,
    #[serde(default)]
    friends: Vec<Friend>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    #[default]
    Member,
    Admin,
}

#[derive(Debug, Deserialize, Serialize)]
struct Friend {
    name: String,
}

#[derive(Debug, Deserialize, Serialize)]
struct Page {
    limit: Option<u32>,
}

async fn limited() -> Result<Reply<()>, ApiError> {
    let quota = BTreeMap::from([("join_per_account".to_owned(), Quota { count: 1, seconds: 60 })]);
    let limits = Limits::new(&quota);
    let key = Key::Account(Uuid::nil());
    limits.check(Limit::JoinPerAccount, &key)?;
    limits.check(Limit::JoinPerAccount, &key)?;
    Ok(Reply::new(()))
}

async fn form(form: Form) -> Reply<Value> {
    Reply::new(json!(form.fields))
}

async fn facts(info: RequestInfo) -> Reply<Value> {
    Reply::new(
        json!({ "id": info.id, "client": info.client, "route": info.route(), "agent": info.user_agent }),
    )
}

fn api() -> Router {
    Router::new()
        .route("/api/v3/ping", get(|| async { Reply::new("pong") }))
        .route("/api/v3/gone", get(|| async { Reply::new(Value::Null).at(7) }))
        .route("/api/v3/people", post(|Body(person): Body<Person>| async { Reply::new(person) }))
        .route("/api/v3/any", post(|Body(any): Body<Value>| async { Reply::new(any) }))
        .route("/api/v3/teams/{team_uid}", get(|Params(id): Params<Uuid>| async move { Reply::new(id) }))
        .route("/api/v3/devices/{device_id}", get(|Params(id): Params<String>| async move { Reply::new(id) }))
        .route("/api/v3/page", get(|Query(page): Query<Page>| async { Reply::new(page) }))
        .route("/api/v3/oops", get(|| async { ApiError::internal("asked for").deliberate() }))
        .route(
            "/api/v3/tiny",
            post(|Body(any): Body<Value>| async { Reply::new(any) }).layer(Extension(BodyLimit(16))),
        )
        .route("/api/v3/form", post(form))
        .route("/api/v3/facts", get(facts))
        .route("/api/v3/limited", get(limited))
        .route("/api/v3/panic", get(|| async { if true { panic!("boom") } else { Reply::new(()) } }))
        .route("/api/v3/slow", get(|| async { std::future::pending::<Reply<()>>().await }))
        .route("/api/v3/broken", get(|| async { ApiError::internal("a secret of the database") }))
        .route("/api/message", post(|| async { Bare((StatusCode::FORBIDDEN, Json(json!({ "ok": false })))) }))
        .route("/messaging/{team_uid}", get(|Params(id): Params<String>| async move { Reply::new(id) }))
        .route("/picture", get(|| async { Bare(([("cache-control", "max-age=60")], "picture")) }))
}

fn config() -> Config {
    let mut config = Config::defaults(Profile::Dev);
    config.allowed_origins = vec!["https://app.example.org".to_owned()];
    config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    config
}

/// A request, as plain as possible.
fn request(method: &Method, path: &str) -> http::request::Builder {
    let peer = ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 4711)));
    Request::builder().method(method).uri(path).extension(peer)
}

async fn send_to(config: &Config, request: Request<AxumBody>) -> Response {
    Shell::new(config).wrap(api()).oneshot(request).await.unwrap()
}

async fn send(request: Request<AxumBody>) -> Response {
    send_to(&config(), request).await
}

/// Status, headers and the text of an answer.
async fn read(response: Response) -> (StatusCode, HeaderMap, String) {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn get_json(path: &str) -> (u16, Value) {
    let (status, _, text) =
        read(send(request(&Method::GET, path).body(AxumBody::empty()).unwrap()).await).await;
    (status.as_u16(), serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}")))
}

async fn post_json(path: &str, body: impl Into<AxumBody>) -> (u16, Value) {
    let (status, _, text) = read(send(request(&Method::POST, path).body(body.into()).unwrap()).await).await;
    (status.as_u16(), serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}")))
}

fn quick(timeout: Duration) -> Config {
    // The configuration knows whole seconds; zero makes every wait too long.
    Config { http: crate::config::Http { timeout_sec: timeout.as_secs(), ..config().http }, ..config() }
}
