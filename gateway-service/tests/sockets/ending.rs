//! Ends of sockets.

use crate::{
    client::Client,
    fixture::{Fixture, LONG, Person},
};
use events::value::SessionEnd;
use futures::{FutureExt, SinkExt, StreamExt};
use protocol::{
    ApiVersion,
    notice::{Audience, Notice, Scope},
};
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

async fn live(fixture: &Fixture, person: &Person) -> Client {
    let mut client = Client::connect(fixture, person).await;
    client.send(&json!({"event": "client.ping", "confirm_id": "live"})).await;
    client.expect("server.confirm").await;
    client
}

#[tokio::test]
async fn close_is_answered() {
    let fixture = Fixture::build(|_| {}).await;
    let person = fixture.person().await;
    let mut client = live(&fixture, &person).await;
    let close = CloseFrame { code: CloseCode::Normal, reason: "tdclient closing".into() };
    client.socket.send(Message::Close(Some(close))).await.unwrap();
    assert_eq!(client.closed().await.code, CloseCode::Normal);
    assert!(tokio::time::timeout(LONG, client.socket.next()).await.unwrap().is_none_or(|end| end.is_err()));
    fixture.shut_down().await;
}

#[tokio::test]
async fn session_end_closes_its_sockets_only() {
    let fixture = Fixture::build(|_| {}).await;
    let person = fixture.person().await;
    let other = fixture.again(&person).await;
    let (mut gone, mut stays) = (live(&fixture, &person).await, live(&fixture, &other).await);
    let account = Scope::Account(person.account);
    let login = Notice::LoggedIn { session: person.session, device_name: "Pixel".into() };
    let closed = Notice::SessionClosed { session: person.session, reason: SessionEnd::Logout };
    let rows = [fixture.row(account, Audience::All, login), fixture.row(account, Audience::All, closed)];
    fixture.publish(&rows).await;
    assert_eq!(gone.next().await, json!({"event": "server.logout", "params": {"reason": "logout"}}));
    assert_eq!(gone.closed().await.code, CloseCode::Normal);
    assert_eq!(stays.next().await, json!({"event": "server.login", "params": {"device_name": "Pixel"}}));
    stays.send(&json!({"event": "client.ping", "confirm_id": "p"})).await;
    assert_eq!(stays.next().await["event"], "server.confirm");
    fixture.shut_down().await;
}

/// Expiry has no event: the socket has a timer. A periodic check would come after two `server.time`.
#[tokio::test]
async fn session_expiry_closes_its_sockets_at_once() {
    let fixture = Fixture::build(|config| config.realtime.time_sec = 15).await;
    let person = fixture.person().await;
    let short = fixture.again_for(&person, Duration::from_secs(5)).await;
    let (mut gone, mut stays) = (live(&fixture, &short).await, live(&fixture, &person).await);
    let mut times = 0;
    let reason = loop {
        let told = gone.any().await;
        match told["event"].as_str() {
            Some("server.time") => times += 1,
            Some("server.logout") => break told["params"]["reason"].clone(),
            _ => {}
        }
    };
    assert_eq!(reason, "expired");
    assert!(times < 2, "it stays open long after its session");
    assert_eq!(gone.closed().await.code, CloseCode::Normal);
    stays.send(&json!({"event": "client.ping", "confirm_id": "p"})).await;
    stays.expect("server.confirm").await;
    fixture.shut_down().await;
}

#[tokio::test]
async fn removed_contact_gets_team_deleted_and_is_closed() {
    let fixture = Fixture::build(|_| {}).await;
    let (person, other) = (fixture.person().await, fixture.person().await);
    let (mut gone, mut stays) = (live(&fixture, &person).await, live(&fixture, &other).await);
    fixture
        .publish(&[fixture.news(Notice::ContactRemoved { team: fixture.team, contact: person.contact })])
        .await;
    let told = gone.next().await;
    assert_eq!(
        (&told["event"], &told["params"]["teams"][0]["uid"]),
        (&json!("server.team.deleted"), &json!(fixture.team.0))
    );
    assert_eq!(gone.closed().await.code, CloseCode::Normal);
    let gentime = 7;
    fixture.publish(&[fixture.news(Notice::TeamDeleted { team: fixture.team, gentime })]).await;
    let told = stays.next().await;
    assert_eq!(told["params"]["teams"][0]["gentime"], gentime);
    assert_eq!(stays.closed().await.code, CloseCode::Normal);
    fixture.shut_down().await;
}

#[tokio::test]
async fn drain_closes_sockets_with_restart_and_refuses_new_ones() {
    let fixture = Fixture::build(|_| {}).await;
    let person = fixture.person().await;
    let mut client = live(&fixture, &person).await;
    let gateway = fixture.gateway.clone();
    assert_eq!(gateway.sockets(), 1);
    let draining = tokio::spawn(async move { gateway.drain().await });
    assert_eq!(client.closed().await.code, CloseCode::Restart);
    drop(client);
    draining.await.unwrap();
    assert_eq!(fixture.gateway.sockets(), 0);
    assert_eq!(Client::refused(&fixture, &[("Token", &person.token)]).await, 503);
    fixture.shut_down().await;
}

#[tokio::test]
async fn vanished_client_is_detected() {
    let fixture = Fixture::build(|_| {}).await;
    let person = fixture.person().await;
    drop(live(&fixture, &person).await);
    let gone = async {
        while fixture.gateway.sockets() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, gone).await.unwrap();
    fixture.shut_down().await;
}

#[tokio::test]
async fn open_socket_stores_last_activity() {
    let fixture = Fixture::build(|_| {}).await;
    let person = fixture.person().await;
    let _client = live(&fixture, &person).await;
    let team =
        fixture.read.teams().find(person.account, fixture.team, ApiVersion::V4).await.unwrap().unwrap();
    assert!(team.me.last_activity.is_some() && team.last_active);
    fixture.shut_down().await;
}

/// A frame as a client sends it, masked with zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let head = match payload.len() {
        length @ 0..126 => vec![first, 0x80 | length as u8],
        length @ 126..65_536 => [&[first, 0x80 | 126][..], &(length as u16).to_be_bytes()].concat(),
        length => [&[first, 0x80 | 127][..], &(length as u64).to_be_bytes()].concat(),
    };
    [&head, &[0; 4][..], payload].concat()
}

#[tokio::test]
async fn protocol_violations_are_closed_with_their_code() {
    const TEXT: u8 = 0x81;
    const PART_OF_TEXT: u8 = 0x01;
    const CONTINUED: u8 = 0x80;
    let long = vec![b'a'; 300_000];
    let half = [frame(PART_OF_TEXT, &long[..200_000]), frame(CONTINUED, &long[..100_000])].concat();
    let cases = [
        ("too long", frame(TEXT, &long), 1009),
        ("too long in parts", half, 1009),
        ("longer than anything", [&[TEXT, 0xff][..], &[0xff; 8], &[0; 4]].concat(), 1009),
        ("not UTF-8", frame(TEXT, b"\xff\xfe"), 1007),
        ("not UTF-8 in parts", [frame(PART_OF_TEXT, b"\xd0"), frame(CONTINUED, b"\x41")].concat(), 1007),
        ("a continuation of nothing", frame(CONTINUED, b"x"), 1002),
        ("a part behind a part of another", [frame(PART_OF_TEXT, b"x"), frame(TEXT, b"x")].concat(), 1002),
        ("a reserved bit", frame(TEXT | 0x40, b"{}"), 1002),
        ("a reserved opcode", frame(0x83, b"x"), 1002),
        ("unmasked", vec![TEXT, 2, b'{', b'}'], 1002),
        ("a long ping", frame(0x89, &[0; 126]), 1002),
        ("a close that is cut", frame(0x88, b"\x03"), 1002),
    ];
    let fixture = Fixture::build(|_| {}).await;
    let person = fixture.person().await;
    for (what, bytes, code) in cases {
        let mut client = live(&fixture, &person).await;
        // Input after the violation, as from a client that keeps sending: the close must not be lost with it.
        let more = [&bytes[..], &vec![0; 100_000]].concat();
        client.socket.get_mut().write_all(&more).await.unwrap();
        let closed = client.closed().await;
        assert_eq!((what, u16::from(closed.code)), (what, code));
        assert!(!closed.reason.is_empty(), "{what}");
        let end = tokio::time::timeout(LONG, client.socket.next()).await.unwrap();
        assert!(end.is_none_or(|end| end.is_err()), "{what}: nothing is said behind a close");
    }
    fixture.shut_down().await;
}

#[tokio::test]
async fn frames_over_the_accounts_memory_budget_wait() {
    let fixture = Fixture::build(|config| config.memory.in_flight_per_account_mb = 1).await;
    let (person, other) = (fixture.person().await, fixture.person().await);
    let ping = |id: &str, length: usize| {
        let envelope = json!({"event": "client.ping", "confirm_id": id, "padding": ""}).to_string();
        format!("{}{}", envelope, " ".repeat(length - envelope.len()))
    };
    let length = 256 * 1024;
    let whole = |id| frame(0x81, ping(id, length).as_bytes());
    let mut halves = vec![];
    for _ in 0..4 {
        halves.push(live(&fixture, &person).await);
    }
    let mut fifth = live(&fixture, &person).await;
    let mut neighbour = live(&fixture, &other).await;
    for client in &mut halves {
        client.socket.get_mut().write_all(&whole("half")[..length / 2]).await.unwrap();
    }
    // A frame is charged whole as soon as its header has arrived.
    let counted = async {
        while fixture.budget.in_flight() < 4 * length {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, counted).await.unwrap();
    // More than one read returns.
    fifth.socket.get_mut().write_all(&frame(0x81, ping("fifth", 64 * 1024).as_bytes())).await.unwrap();
    for _ in 0..10 {
        neighbour.send(&json!({"event": "client.ping", "confirm_id": "n"})).await;
        neighbour.expect("server.confirm").await;
    }
    assert!(fifth.expect("server.confirm").now_or_never().is_none(), "there is no room for what it says");
    let mut first = halves.remove(0);
    first.socket.get_mut().write_all(&whole("half")[length / 2..]).await.unwrap();
    assert_eq!(first.expect("server.confirm").await["params"]["confirm_id"], "half");
    assert_eq!(fifth.expect("server.confirm").await["params"]["confirm_id"], "fifth");
    fixture.shut_down().await;
}
