//! How sockets end.

use crate::{
    client::Client,
    house::{House, LONG, Person},
};
use events::value::SessionEnd;
use futures::{SinkExt, StreamExt};
use protocol::{
    contact::Edition,
    notice::{Audience, Notice, Scope},
};
use serde_json::json;
use std::time::Duration;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

async fn live(house: &House, person: &Person) -> Client {
    let mut client = Client::connect(house, person).await;
    client.send(&json!({"event": "client.ping", "confirm_id": "live"})).await;
    client.expect("server.confirm").await;
    client
}

#[tokio::test]
async fn a_close_is_answered() {
    let house = House::build(|_| {}).await;
    let person = house.person().await;
    let mut client = live(&house, &person).await;
    let close = CloseFrame { code: CloseCode::Normal, reason: "tdclient closing".into() };
    client.socket.send(Message::Close(Some(close))).await.unwrap();
    assert_eq!(client.closed().await.code, CloseCode::Normal);
    assert!(tokio::time::timeout(LONG, client.socket.next()).await.unwrap().is_none_or(|end| end.is_err()));
    house.pull_down().await;
}

#[tokio::test]
async fn a_session_that_ends_takes_its_sockets_with_it_and_no_others() {
    let house = House::build(|_| {}).await;
    let person = house.person().await;
    let other = house.again(&person).await;
    let (mut gone, mut stays) = (live(&house, &person).await, live(&house, &other).await);
    let account = Scope::Account(person.account);
    let login = Notice::LoggedIn { session: person.session, device_name: "Pixel".into() };
    let closed = Notice::SessionClosed { session: person.session, reason: SessionEnd::Logout };
    let rows = [house.row(account, Audience::All, login), house.row(account, Audience::All, closed)];
    house.publish(&rows).await;
    assert_eq!(gone.next().await, json!({"event": "server.logout", "params": {"reason": "logout"}}));
    assert_eq!(gone.closed().await.code, CloseCode::Normal);
    assert_eq!(stays.next().await, json!({"event": "server.login", "params": {"device_name": "Pixel"}}));
    stays.send(&json!({"event": "client.ping", "confirm_id": "p"})).await;
    assert_eq!(stays.next().await["event"], "server.confirm");
    house.pull_down().await;
}

/// Of that no event tells: the socket knows the moment itself. A look from time to time would come after two of `server.time`.
#[tokio::test]
async fn a_session_that_expires_ends_its_sockets_at_that_moment() {
    let house = House::build(|config| config.realtime.time_sec = 15).await;
    let person = house.person().await;
    let short = house.again_for(&person, Duration::from_secs(5)).await;
    let (mut gone, mut stays) = (live(&house, &short).await, live(&house, &person).await);
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
    house.pull_down().await;
}

#[tokio::test]
async fn who_is_removed_from_the_team_hears_it_and_is_out() {
    let house = House::build(|_| {}).await;
    let (person, other) = (house.person().await, house.person().await);
    let (mut gone, mut stays) = (live(&house, &person).await, live(&house, &other).await);
    house.publish(&[house.news(Notice::ContactRemoved { team: house.team, contact: person.contact })]).await;
    let told = gone.next().await;
    assert_eq!(
        (&told["event"], &told["params"]["teams"][0]["uid"]),
        (&json!("server.team.deleted"), &json!(house.team.0))
    );
    assert_eq!(gone.closed().await.code, CloseCode::Normal);
    let gentime = 7;
    house.publish(&[house.news(Notice::TeamDeleted { team: house.team, gentime })]).await;
    let told = stays.next().await;
    assert_eq!(told["params"]["teams"][0]["gentime"], gentime);
    assert_eq!(stays.closed().await.code, CloseCode::Normal);
    house.pull_down().await;
}

#[tokio::test]
async fn a_drain_tells_sockets_to_come_back_and_takes_no_new_ones() {
    let house = House::build(|_| {}).await;
    let person = house.person().await;
    let mut client = live(&house, &person).await;
    let gateway = house.gateway.clone();
    assert_eq!(gateway.sockets(), 1);
    let draining = tokio::spawn(async move { gateway.drain().await });
    assert_eq!(client.closed().await.code, CloseCode::Restart);
    drop(client);
    draining.await.unwrap();
    assert_eq!(house.gateway.sockets(), 0);
    assert_eq!(Client::refused(&house, &[("Token", &person.token)]).await, 503);
    house.pull_down().await;
}

#[tokio::test]
async fn a_client_that_just_vanishes_is_noticed() {
    let house = House::build(|_| {}).await;
    let person = house.person().await;
    drop(live(&house, &person).await);
    let gone = async {
        while house.gateway.sockets() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, gone).await.unwrap();
    house.pull_down().await;
}

#[tokio::test]
async fn when_a_contact_was_seen_is_noted() {
    let house = House::build(|_| {}).await;
    let person = house.person().await;
    let _client = live(&house, &person).await;
    let team = house.read.team(person.account, house.team, Edition::V4).await.unwrap().unwrap();
    assert!(team.me.last_activity.is_some() && team.last_active);
    house.pull_down().await;
}
