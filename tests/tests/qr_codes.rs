//! QR pictures, read back as a camera would: what they contain, and that it works.

use serde_json::{Value, json};
use veche_tests::{
    exchange::Answer,
    person::{Person, text},
    qr,
    world::{PUBLIC_URL, World},
};

const ANNA: &str = "+79100000001";
const BORIS: &str = "+79100000002";

/// Reads the picture of an answer.
fn said(answer: &Answer) -> String {
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("image/png")), "{answer}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    qr::read(&answer.bytes)
}

/// `127.0.0.1:8000`
fn host() -> &'static str {
    PUBLIC_URL.split_once("://").map_or(PUBLIC_URL, |(_, host)| host)
}

#[tokio::test]
async fn qr_login_picture_logs_in_the_scanning_device() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let url = said(&anna.client.get("/api/v3/qr-login.png").await);
    let start = format!("otv://qr-login/{}/", host().replace(':', "%3A"));
    let token = url.strip_prefix(&start).unwrap_or_else(|| panic!("{url} does not begin with {start}"));
    assert!(token.len() >= 22, "a token of {} characters", token.len());
    let scan = json!({"temp_token": token, "type": "ios", "device_id": "второй", "name": "второй"});
    let scanned = world.client().post("/api/v3/qr-auth", scan).await.ok();
    assert_ne!(scanned["token"], anna.token.as_str());
    let devices: Vec<&Value> =
        scanned["me"]["devices"].as_array().unwrap().iter().map(|device| &device["device_id"]).collect();
    assert_eq!(devices, ["first", "второй"], "oldest first");
    let me = world.client().as_token(&text(&scanned["token"])).get("/api/v3/me").await.ok();
    assert_eq!(me["phone"], ANNA);
    assert_eq!(anna.client.get("/api/v3/me").await.ok(), me, "the session that showed it goes on");

    let drawn = said(&anna.client.get("/api/v3/qr-login.png?value=a%2Fb%20c").await);
    assert_eq!(drawn, format!("{start}a%2Fb%20c"));
}

#[tokio::test]
async fn qr_invitation_picture_lets_the_scanner_join() {
    let world = World::all_in_one().await;
    let anna = Person::login(world.client(), ANNA).await;
    let boris = Person::login(world.client(), BORIS).await;
    let team = anna.make_team("т", &[]).await;
    let path = format!("/api/v3/teams/{}/invitations", team.uid);
    let invitation = anna.client.post(path, json!({})).await.ok();
    let picture = text(&invitation["qr"]);
    let path = picture.strip_prefix(PUBLIC_URL).unwrap_or_else(|| panic!("{picture} is elsewhere"));
    let url = said(&anna.client.get(path).await);
    assert_eq!(url, format!("otv://qr-join/{}/{}", host(), text(&invitation["token"])));
    let token = url.rsplit('/').next().unwrap_or_default();
    let joined = boris.client.post("/api/v3/teams/join", json!({"token": token})).await.ok();
    assert_eq!(joined["uid"], team.uid);
}
