//! Client events and their answers.

use crate::{client::Client, fixture::Fixture};
use futures::SinkExt;
use platform::limits::Quota;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

async fn connected(fixture: &Fixture) -> Client {
    let person = fixture.person().await;
    Client::connect(fixture, &person).await
}

fn confirmed(confirm_id: Value) -> Value {
    json!({"event": "server.confirm", "params": {"confirm_id": confirm_id}})
}

#[tokio::test]
async fn pings_in_text_and_binary_frames_are_confirmed() {
    let fixture = Fixture::build(|_| {}).await;
    let mut client = connected(&fixture).await;
    let ping = |id: Value| json!({"event": "client.ping", "confirm_id": id}).to_string();
    client.socket.send(Message::text(ping(json!("abc")))).await.unwrap();
    assert_eq!(client.next().await, confirmed(json!("abc")));
    client.socket.send(Message::binary(ping(json!("def")).into_bytes())).await.unwrap();
    assert_eq!(client.next().await, confirmed(json!("def")));
    client.socket.send(Message::text(ping(json!(1_569_546_004_009_720_191_i64)))).await.unwrap();
    assert_eq!(client.next().await, confirmed(json!(1_569_546_004_009_720_191_i64)));
    fixture.shut_down().await;
}

#[tokio::test]
async fn events_without_confirm_id_are_not_confirmed() {
    let fixture = Fixture::build(|_| {}).await;
    let mut client = connected(&fixture).await;
    client.send(&json!({"event": "client.ping"})).await;
    client.send(&json!({"event": "client.ping", "confirm_id": ""})).await;
    client.send(&json!({"event": "client.activity", "params": {"afk": true}})).await;
    client.send(&json!({"event": "client.confirm", "params": {"confirm_id": "x"}})).await;
    client.send(&json!({"event": "client.ping", "confirm_id": "last"})).await;
    assert_eq!(client.next().await, confirmed(json!("last")));
    fixture.shut_down().await;
}

#[tokio::test]
async fn invalid_events_get_a_warning() {
    let fixture = Fixture::build(|_| {}).await;
    let mut client = connected(&fixture).await;
    let unknown = json!({"event": "client.dance", "confirm_id": "a"});
    client.send(&unknown).await;
    let warning = json!({"message": "unknown event: client.dance", "orig": unknown});
    assert_eq!(client.next().await, json!({"event": "server.warning", "params": warning}));
    client.socket.send(Message::text("{not json")).await.unwrap();
    let warning = client.next().await;
    assert_eq!(
        (&warning["event"], &warning["params"]["orig"]),
        (&json!("server.warning"), &json!("{not json"))
    );
    let composing = json!({"event": "client.chat.composing", "params": {"jid": "x"}, "confirm_id": "b"});
    client.send(&composing).await;
    assert_eq!(client.next().await["params"]["orig"], composing);
    fixture.shut_down().await;
}

#[tokio::test]
async fn commands_are_confirmed_or_warned_about() {
    let fixture = Fixture::build(|_| {}).await;
    let mut client = connected(&fixture).await;
    let post = |to: &str| {
        let params = json!({"to": to, "content": {"text": "пыщ!", "type": "plain"}});
        json!({"event": "client.message.updated", "confirm_id": to, "params": params})
    };
    for to in ["nobody", "somebody"] {
        client.send(&post(to)).await;
    }
    let warning = json!({"message": "NOT_FOUND: client.message.updated", "orig": post("nobody")});
    assert_eq!(client.next().await, json!({"event": "server.warning", "params": warning}));
    assert_eq!(client.next().await, confirmed(json!("somebody")));
    fixture.shut_down().await;
}

#[tokio::test]
async fn longest_message_fits_into_one_frame() {
    let fixture = Fixture::build(|_| {}).await;
    let mut client = connected(&fixture).await;
    let text = "\\ud83d\\ude00".repeat(12_000);
    let event = format!(
        r#"{{"event":"client.message.updated","confirm_id":"long","params":{{"to":"x","content":{{"text":"{text}"}}}}}}"#
    );
    client.socket.send(Message::text(event)).await.unwrap();
    assert_eq!(client.next().await, confirmed(json!("long")));
    fixture.shut_down().await;
}

#[tokio::test]
async fn typing_is_delivered_to_the_other_side_only() {
    let fixture = Fixture::build(|_| {}).await;
    let (actor, other) = (fixture.person().await, fixture.person().await);
    let mut from = Client::connect(&fixture, &actor).await;
    let mut to = Client::connect(&fixture, &other).await;
    to.expect("server.online").await;
    // An answered ping means that the socket is live.
    for client in [&mut from, &mut to] {
        client.send(&json!({"event": "client.ping", "confirm_id": "live"})).await;
        client.expect("server.confirm").await;
    }
    let params = json!({"jid": format!("d-{}", other.contact), "composing": true});
    from.send(&json!({"event": "client.chat.composing", "params": params, "confirm_id": "t"})).await;
    let actor = format!("d-{}", actor.contact);
    let params = json!({"jid": actor, "actor": actor, "composing": true, "is_audio": false});
    assert_eq!(to.next().await, json!({"event": "server.chat.composing", "params": params}));
    assert_eq!(from.next().await, confirmed(json!("t")));
    let hidden = json!({"jid": format!("g-{}", uuid::Uuid::new_v4()), "composing": true});
    from.send(&json!({"event": "client.chat.composing", "params": hidden})).await;
    let warning = from.next().await;
    assert_eq!(warning["params"]["message"], "NOT_FOUND", "{warning}");
    fixture.shut_down().await;
}

#[tokio::test]
async fn events_over_the_limit_get_warnings_then_a_close() {
    let quota = Quota { count: 1, seconds: 3_600 };
    let fixture = Fixture::build(|config| {
        config.limits.insert("frames_per_account".into(), quota);
    })
    .await;
    let mut client = connected(&fixture).await;
    let ping = json!({"event": "client.ping", "confirm_id": "p"});
    client.send(&ping).await;
    assert_eq!(client.next().await, confirmed(json!("p")));
    for _ in 0..50 {
        client.send(&ping).await;
        let warning = client.next().await;
        assert!(warning["params"]["message"].as_str().unwrap().starts_with("RATE_LIMIT: "), "{warning}");
        assert_eq!(warning["params"]["orig"], ping);
    }
    client.send(&ping).await;
    assert_eq!(u16::from(client.closed().await.code), 1008);
    fixture.shut_down().await;
}
