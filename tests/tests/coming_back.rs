//! A client whose socket ended resumes from what it confirmed, and a graceful stop tells clients when to reconnect.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use veche_tests::{person::Person, socket::Socket, two_users::TwoUsers, world::Role};

const ANNA: &str = "+79020100001";
const BORIS: &str = "+79020100002";

async fn two_users() -> TwoUsers {
    TwoUsers::start(ANNA, BORIS).await
}

async fn post(two: &TwoUsers, text: &str) {
    two.anna.post(&two.team.uid, &two.to_boris, text).await;
}

async fn behind_confirmed(two: &TwoUsers) -> Socket {
    Socket::resume(&two.boris.client, &two.team.uid, "confirmed").await
}

fn text(frame: &Value) -> &Value {
    &frame["params"]["messages"][0]["content"]["text"]
}

async fn message(socket: &mut Socket) -> Value {
    socket.expect("a message", |frame| frame["event"] == "server.message.updated").await
}

async fn confirm(socket: &mut Socket, frame: &Value) {
    let params = json!({"confirm_id": frame["confirm_id"]});
    socket.send(json!({"event": "client.confirm", "params": params})).await;
}

#[tokio::test]
async fn resume_from_confirmed_receives_only_later_frames() {
    let two = two_users().await;
    let mut first = two.boris.socket(&two.team.uid).await;
    first.caught_up().await;
    let mut frames = Vec::new();
    for number in 1..=4 {
        post(&two, &number.to_string()).await;
        frames.push(message(&mut first).await);
    }
    // The third frame is confirmed before the second: what counts is the last one before a gap.
    for number in [0, 2] {
        confirm(&mut first, &frames[number]).await;
    }
    first.close().await;
    let mut second = behind_confirmed(&two).await;
    let told = second.caught_up().await;
    assert_eq!(told.iter().map(text).collect::<Vec<_>>(), ["2", "3", "4"]);
    for frame in &told {
        confirm(&mut second, frame).await;
    }
    post(&two, "5").await;
    let live = message(&mut second).await;
    assert_eq!((text(&live), &live["params"]["delayed"]), (&json!("5"), &json!(false)));
    second.close().await;
    let mut third = behind_confirmed(&two).await;
    assert_eq!(third.caught_up().await.iter().map(text).collect::<Vec<_>>(), ["5"]);
}

#[tokio::test]
async fn resume_from_confirmed_without_confirmations_requires_a_refetch() {
    let two = two_users().await;
    let mut other = two.boris.socket(&two.team.uid).await;
    other.caught_up().await;
    post(&two, "раз").await;
    let frame = message(&mut other).await;
    confirm(&mut other, &frame).await;
    other.close().await;
    // Confirmations of another session of the same account do not count.
    let again = Person::login_as(two.world.client(), BORIS, "second").await;
    let mut socket = Socket::resume(&again.client, &two.team.uid, "confirmed").await;
    let warning = socket.event("server.warning").await;
    assert_eq!((&warning["code"], &warning["orig"]), (&json!("FETCH_ANEW"), &Value::Null), "{warning}");
    assert!(warning["position"].as_u64() >= frame["position"].as_u64(), "{warning}");
    assert!(socket.caught_up().await.is_empty());
    post(&two, "два").await;
    assert_eq!(text(&message(&mut socket).await), "два");
}

#[tokio::test]
async fn graceful_stop_tells_sockets_when_to_reconnect() {
    const SOCKETS: usize = 24;
    let mut two = two_users().await;
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        let mut socket = two.boris.socket(&two.team.uid).await;
        socket.caught_up().await;
        sockets.push(socket);
    }
    post(&two, "до").await;
    let place = {
        let frame = message(&mut sockets[0]).await;
        format!("{}.{}", frame["position"], frame["ordinal"])
    };
    let client = two.boris.client.clone();
    let process = two.world.process(Role::Serve);
    let endings = async {
        let mut retries = BTreeSet::new();
        for socket in &mut sockets {
            let (frames, code) = socket.closed().await;
            let warning = frames.last().map(|frame| &frame["params"]).expect("a goodbye");
            assert_eq!((&warning["code"], code), (&json!("RESTART"), Some(1012)), "{frames:?}");
            retries.insert(warning["retry_after_ms"].as_u64().expect("when to come back"));
        }
        retries
    };
    let (status, retries) = tokio::join!(process.terminate(), endings);
    assert!(status.success(), "{status}");
    assert!(retries.len() > SOCKETS / 2, "they are to come at different moments: {retries:?}");
    assert!(retries.iter().all(|wait| (500..=3_500).contains(wait)), "{retries:?}");
    two.world.revive(Role::Serve).await;
    post(&two, "после").await;
    let mut back = Socket::resume(&client, &two.team.uid, &place).await;
    assert_eq!(back.caught_up().await.iter().map(text).collect::<Vec<_>>(), ["после"]);
}
