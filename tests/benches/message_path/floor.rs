//! The floor: the least that a server of rooms does. No accounts, rules, log or projection: a message is stored (or not) and
//! passed on to all sockets of its room.

use crate::Outcome;
use axum::{
    Router,
    body::Bytes,
    extract::{Path, State, WebSocketUpgrade, ws},
    response::Response,
    routing::{get, post},
};
use futures::{SinkExt, StreamExt};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{broadcast, mpsc, oneshot};

/// The first argument that runs this program as a floor.
pub(crate) const ARGUMENT: &str = "floor";
/// The variable with the database's URL.
pub(crate) const DATABASE: &str = "FLOOR_DATABASE_URL";

const BATCH: usize = 500;

/// Serves until it is killed.
pub(crate) async fn serve(store: &str, port: u16) -> Outcome<()> {
    let pool = PgPoolOptions::new().max_connections(16).connect(&std::env::var(DATABASE)?).await?;
    sqlx::raw_sql("create table if not exists message (id bigserial primary key, body bytea)")
        .execute(&pool)
        .await?;
    let store = match store {
        "single" => Store::Single(pool),
        "group" => Store::Group(group(pool)),
        _ => Store::Memory,
    };
    let floor = Floor { store, rooms: Arc::default() };
    let router = Router::new()
        .route("/ping", get(async || r#"{"_time":"0.1 ms","ok":true,"result":"pong"}"#))
        .route("/teams", post(make_team))
        .route("/messaging/{room}", get(upgrade))
        .with_state(floor);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    Ok(axum::serve(axum::serve::ListenerExt::tap_io(listener, |io| drop(io.set_nodelay(true))), router)
        .await?)
}

#[derive(Clone)]
enum Store {
    Single(PgPool),
    Group(mpsc::Sender<(Bytes, oneshot::Sender<()>)>),
    Memory,
}

impl Store {
    async fn keep(&self, body: Bytes) {
        match self {
            Self::Single(pool) => {
                let kept =
                    sqlx::query("insert into message (body) values ($1)").bind(&body[..]).execute(pool).await;
                kept.expect("the floor's database takes a row");
            }
            Self::Group(queue) => {
                let (done, told) = oneshot::channel();
                queue.send((body, done)).await.expect("the floor's writer runs");
                told.await.expect("the floor's writer answers");
            }
            Self::Memory => {}
        }
    }
}

/// One INSERT for all waiting messages.
fn group(pool: PgPool) -> mpsc::Sender<(Bytes, oneshot::Sender<()>)> {
    let (sender, mut queue) = mpsc::channel::<(Bytes, oneshot::Sender<()>)>(4_096);
    tokio::spawn(async move {
        let mut batch = Vec::with_capacity(BATCH);
        while queue.recv_many(&mut batch, BATCH).await > 0 {
            let bodies: Vec<&[u8]> = batch.iter().map(|(body, _)| &body[..]).collect();
            let kept =
                sqlx::query("insert into message (body) select * from unnest($1::bytea[])").bind(bodies);
            kept.execute(&pool).await.expect("the floor's database takes rows");
            for (_, done) in batch.drain(..) {
                // The requester may have left.
                let _ = done.send(());
            }
        }
    });
    sender
}

#[derive(Clone)]
struct Floor {
    store: Store,
    rooms: Arc<Mutex<HashMap<String, broadcast::Sender<ws::Utf8Bytes>>>>,
}

async fn make_team(State(floor): State<Floor>, body: Bytes) -> Bytes {
    floor.store.keep(body.clone()).await;
    body
}

async fn upgrade(
    State(floor): State<Floor>,
    Path(room): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let sender = {
        let mut rooms = floor.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.entry(room).or_insert_with(|| broadcast::channel(8_192).0).clone()
    };
    upgrade.read_buffer_size(4_096).on_upgrade(move |socket| talk(floor.store, sender, socket))
}

async fn talk(store: Store, room: broadcast::Sender<ws::Utf8Bytes>, socket: ws::WebSocket) {
    let (mut out, mut inward) = socket.split();
    let mut received = room.subscribe();
    let (confirm, mut confirmed) = mpsc::channel::<String>(64);
    let writer = tokio::spawn(async move {
        loop {
            let frame = tokio::select! {
                frame = received.recv() => match frame { Ok(frame) => frame, Err(_) => return },
                id = confirmed.recv() => match id {
                    Some(id) => format!(r#"{{"event":"server.confirm","params":{{"confirm_id":"{id}"}}}}"#).into(),
                    None => return,
                },
            };
            if out.send(ws::Message::Text(frame)).await.is_err() {
                return;
            }
        }
    });
    while let Some(Ok(message)) = inward.next().await {
        let ws::Message::Text(text) = message else { continue };
        let envelope: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        store.keep(Bytes::copy_from_slice(text.as_bytes())).await;
        let frame = serde_json::json!({"event": "server.message.updated", "params": {"messages": [envelope["params"]]}});
        // There may be no receivers.
        let _ = room.send(frame.to_string().into());
        let id = envelope["confirm_id"].as_str().unwrap_or_default().to_owned();
        if confirm.send(id).await.is_err() {
            break;
        }
    }
    writer.abort();
}
