//! A reader that reads nothing while a lot is said.

use crate::{
    client::Client,
    house::{House, Person},
};
use events::chat::ChatRef;
use protocol::live::Live;
use serde_json::{Value, json};

/// More than the system's buffers and the socket's queue hold between the two.
const MESSAGES: i64 = 1_500;
const PADDING: usize = 6_000;
/// As many as there are people in the middle of a sentence.
const TYPING_EACH: i64 = 5;
/// What may wait for one socket (the hub's queue, and frames that are written one after the other).
const MOST_WAITING: usize = 256 + 4 * 32;

async fn ready(mut client: Client) -> Client {
    client.send(&json!({"event": "client.ping", "confirm_id": "live"})).await;
    client.expect("server.confirm").await;
    client
}

/// Reads until all messages have come; answers their numbers, and how often somebody was typing.
async fn read(client: &mut Client) -> (Vec<i64>, usize) {
    let (mut numbers, mut typing) = (Vec::new(), 0);
    while numbers.len() < usize::try_from(MESSAGES).unwrap() {
        let frame = client.any().await;
        match frame["event"].as_str() {
            Some("server.message.updated") => numbers.push(number(&frame)),
            Some("server.chat.composing") => typing += 1,
            _ => {}
        }
    }
    (numbers, typing)
}

fn number(frame: &Value) -> i64 {
    let text = frame["params"]["messages"][0]["content"]["text"].as_str().unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

fn types(house: &House, chat: ChatRef, author: &Person) {
    let live = Live::Composing { chat, actor: author.contact, composing: true, is_audio: false };
    house.bus.publish(&Live::subject(house.team), serde_json::to_vec(&live).unwrap().into()).unwrap();
}

#[tokio::test]
async fn who_reads_nothing_holds_nobody_up_and_later_gets_all_that_lasts_but_not_who_typed() {
    let house = House::build(|_| {}).await;
    let (author, stalled, other) = (house.person().await, house.person().await, house.person().await);
    let mut narrow = ready(Client::narrow(&house, &stalled).await).await;
    let mut quick = ready(Client::connect(&house, &stalled).await).await;
    let mut elsewhere = ready(Client::connect(&house, &other).await).await;
    let chat = ChatRef::direct(author.contact, stalled.contact);
    let padding = "x".repeat(PADDING);
    let text = |num: i64| format!("{num} {padding}");
    let rows: Vec<_> =
        (1..=MESSAGES).map(|num| house.message(chat, author.contact, num, &text(num))).collect();
    house.store(&rows).await;
    let (sender, mut all) = tokio::sync::mpsc::channel(1);
    let reading = tokio::spawn(async move {
        let heard = read(&mut quick).await;
        sender.send(()).await.unwrap();
        (quick, heard)
    });
    for batch in rows.chunks(20) {
        house.announce(batch);
        for _ in 0..20 * TYPING_EACH {
            types(&house, chat, &author);
        }
        tokio::task::yield_now().await;
    }
    // Nobody waits for it: the same person's other device hears everything, while it has not read a byte.
    all.recv().await.unwrap();
    let (_quick, (heard, _)) = reading.await.unwrap();
    let expected: Vec<i64> = (1..=MESSAGES).collect();
    assert_eq!(heard, expected);
    let to_other =
        house.message(ChatRef::direct(author.contact, other.contact), author.contact, 1, "0 other");
    house.publish(&[to_other]).await;
    assert_eq!(number(&elsewhere.expect("server.message.updated").await), 0);

    let (numbers, typing) = read(&mut narrow).await;
    assert_eq!(numbers, expected, "every message once, in order");
    // What the system's own buffers took is beyond anybody's reach: so many frames fit into them at most.
    let taken = 8 * 1024 * 1024 / PADDING;
    assert!(typing <= MOST_WAITING + taken, "{typing} times somebody typed was kept for it");
    assert!(
        typing < usize::try_from(MESSAGES * TYPING_EACH).unwrap() / 2,
        "{typing}: who typed is dropped first"
    );
    house.publish(&[house.message(chat, author.contact, MESSAGES + 1, "1501 live again")]).await;
    assert_eq!(number(&narrow.expect("server.message.updated").await), MESSAGES + 1);
    house.pull_down().await;
}
